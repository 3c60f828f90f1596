{{- /*
Lengths of time are written as the injector writes them: one whole number with its largest unit. The
same text in both places is what keeps a pod of the control plane equal to any other meshed pod.
*/ -}}
{{- define "mesh.milliseconds" -}}
{{- $sizes := dict "ms" 1 "s" 1000 "m" 60000 "h" 3600000 "d" 86400000 -}}
{{- $total := 0 -}}
{{- range regexFindAll "[0-9]+(ms|s|m|h|d)" . -1 -}}
{{- $number := regexFind "^[0-9]+" . -}}
{{- $total = add $total (mul (atoi $number) (get $sizes (trimPrefix $number .))) -}}
{{- end -}}
{{- $total -}}
{{- end -}}

{{- define "mesh.duration" -}}
{{- $total := include "mesh.milliseconds" . | int64 -}}
{{- if eq $total 0 -}}0s
{{- else if eq (mod $total 86400000) 0 -}}{{ div $total 86400000 }}d
{{- else if eq (mod $total 3600000) 0 -}}{{ div $total 3600000 }}h
{{- else if eq (mod $total 60000) 0 -}}{{ div $total 60000 }}m
{{- else if eq (mod $total 1000) 0 -}}{{ div $total 1000 }}s
{{- else -}}{{ $total }}ms
{{- end -}}
{{- end -}}
