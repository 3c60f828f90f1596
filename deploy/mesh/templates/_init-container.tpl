{{- /*
Makes the redirect. The control plane reaches the Kubernetes API without its proxies. Linkerd's own
image runs iptables, which has to be told which, and whose file carries NET_RAW.
*/ -}}
{{- define "mesh.init" -}}
{{- $root := index . 0 -}}
{{- $set := $root.Values.proxy -}}
{{- $init := $root.Values.proxyInit -}}
{{- $ports := $set.ports -}}
{{- $asRoot := eq (include "mesh.init.isRoot" $root) "true" -}}
{{- $linkerds := regexMatch "(^|/)linkerd/proxy([:@]|$)" $set.image.name -}}
{{- $privileged := or $init.privileged (and $asRoot (gt (int $init.closeWaitTimeoutSecs) 0)) -}}
- name: linkerd-init
  {{- include "mesh.proxy.image" $root | nindent 2 }}
  command:
    - /usr/lib/linkerd/linkerd2-proxy-init
  args:
    - --incoming-proxy-port
    - {{ int $ports.inbound | quote }}
    - --outgoing-proxy-port
    - {{ int $ports.outbound | quote }}
    - --proxy-uid
    - {{ int $set.uid | quote }}
    {{- if gt (int $set.gid) 0 }}
    - --proxy-gid
    - {{ int $set.gid | quote }}
    {{- end }}
    - --inbound-ports-to-ignore
    - {{ include "mesh.ports" (printf "%d,%d,%s" (int $ports.control) (int $ports.admin) $init.ignoreInboundPorts) | quote }}
    {{- $direct := ternary "" $init.kubeAPIServerPorts (eq (index . 1).component "test") }}
    {{- with include "mesh.ports" (printf "%s,%s" $init.ignoreOutboundPorts $direct) }}
    - --outbound-ports-to-ignore
    - {{ . | quote }}
    {{- end }}
    {{- with $init.skipSubnets | nospace }}
    - --subnets-to-ignore
    - {{ . | quote }}
    {{- end }}
    {{- if $init.closeWaitTimeoutSecs }}
    - --timeout-close-wait-secs
    - {{ int $init.closeWaitTimeoutSecs | quote }}
    {{- end }}
    {{- if or $linkerds (ne $init.iptablesMode "nft") }}
    - --iptables-mode
    - {{ $init.iptablesMode }}
    {{- end }}
    {{- if ne $init.logLevel "info" }}
    - --log-level
    - {{ $init.logLevel }}
    {{- end }}
    {{- if ne $init.logFormat "plain" }}
    - --log-format
    - {{ $init.logFormat }}
    {{- end }}
    - --ipv6={{ not $root.Values.disableIPv6 }}
  {{- with include "mesh.resources" (include "mesh.proxy.resources" . | fromYaml) }}
  {{- . | nindent 2 }}
  {{- end }}
  securityContext:
    allowPrivilegeEscalation: {{ $privileged }}
    capabilities:
      add:
        - NET_ADMIN
        {{- if $linkerds }}
        - NET_RAW
        {{- end }}
      drop:
        - ALL
    privileged: {{ $privileged }}
    readOnlyRootFilesystem: true
    runAsGroup: {{ ternary 0 $init.runAsGroup $asRoot | int64 }}
    runAsNonRoot: {{ not $asRoot }}
    runAsUser: {{ ternary 0 $init.runAsUser $asRoot | int64 }}
    seccompProfile:
      type: RuntimeDefault
  terminationMessagePolicy: FallbackToLogsOnError
  volumeMounts:
    - name: linkerd-proxy-init-xtables-lock
      mountPath: {{ $init.xtMountPath.mountPath }}
{{- end -}}

{{- define "mesh.init.isRoot" -}}
{{- or .Values.proxyInit.runAsRoot (eq (int .Values.proxyInit.runAsUser) 0) -}}
{{- end -}}
