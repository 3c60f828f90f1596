{{- /* Fails where a CNI plugin has not made the redirect. */ -}}
{{- define "mesh.networkValidator" -}}
{{- $root := index . 0 -}}
{{- $own := $root.Values.networkValidator -}}
{{- $four := $root.Values.disableIPv6 -}}
{{- $everywhere := ternary "0.0.0.0" "[::]" $four -}}
- name: linkerd-network-validator
  {{- include "mesh.proxy.image" $root | nindent 2 }}
  command:
    - /usr/lib/linkerd/linkerd2-network-validator
  args:
    - --log-format
    - {{ $own.logFormat }}
    - --log-level
    - {{ $own.logLevel }}
    - --connect-addr
    - {{ $own.connectAddr | default (ternary "1.1.1.1:20001" "[fd00::1]:20001" $four) | quote }}
    - --listen-addr
    - {{ $own.listenAddr | default (printf "%s:%d" $everywhere (int $root.Values.proxy.ports.outbound)) | quote }}
    - --timeout
    - {{ include "mesh.duration" $own.timeout }}
  {{- with include "mesh.resources" (include "mesh.proxy.resources" . | fromYaml) }}
  {{- . | nindent 2 }}
  {{- end }}
  {{- if $own.enableSecurityContext }}
  securityContext:
    {{- include "mesh.unprivileged" (list 65534 65534) | nindent 4 }}
  {{- end }}
  terminationMessagePolicy: FallbackToLogsOnError
{{- end -}}
