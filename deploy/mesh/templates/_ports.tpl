{{- /*
A set of ports as the injector writes it: ranges in order that neither overlap nor touch. Takes any
text of ports and ranges, such as "4568,4567,80-90".
*/ -}}
{{- define "mesh.ports" -}}
{{- $parts := list -}}
{{- range regexFindAll "[0-9]+(-[0-9]+)?" . -1 -}}
{{- $bounds := splitList "-" . -}}
{{- $parts = append $parts (printf "%05d-%05d" (first $bounds | atoi) (last $bounds | atoi)) -}}
{{- end -}}
{{- $merged := list -}}
{{- $first := 0 -}}
{{- $last := 0 -}}
{{- range sortAlpha $parts -}}
{{- $bounds := splitList "-" . -}}
{{- $from := include "mesh.ports.number" (first $bounds) | int -}}
{{- $to := include "mesh.ports.number" (last $bounds) | int -}}
{{- if not (and (le 1 $from) (le $from $to) (le $to 65535)) -}}
{{- fail (printf "%d-%d is not a range of ports from 1 to 65535" $from $to) -}}
{{- end -}}
{{- if and $first (le $from (add $last 1 | int)) -}}
{{- $last = max $last $to | int -}}
{{- else -}}
{{- if $first }}{{ $merged = append $merged (include "mesh.ports.range" (list $first $last)) }}{{ end -}}
{{- $first = $from -}}
{{- $last = $to -}}
{{- end -}}
{{- end -}}
{{- if $first }}{{ $merged = append $merged (include "mesh.ports.range" (list $first $last)) }}{{ end -}}
{{- join "," $merged -}}
{{- end -}}

{{- /* A decimal number without the zeros before it, which would make it octal. */ -}}
{{- define "mesh.ports.number" -}}
{{- regexReplaceAll "^0+([0-9])" . "${1}" -}}
{{- end -}}

{{- define "mesh.ports.range" -}}
{{- if eq (first .) (last .) }}{{ first . }}{{ else }}{{ first . }}-{{ last . }}{{ end -}}
{{- end -}}
