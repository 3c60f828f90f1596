{{- /*
The environment of a proxy of the control plane, LINKERD2_PROXY_…, as the injector gives it to any
other pod. Takes a list: the root and the proxy. A proxy is a dictionary:
  component     whose pod it is in
  container     what the pod is there for
  ports         what the pod's other containers listen on
  opaquePorts   those of them that carry no protocol to look for
  resources     laid over proxy.resources
*/ -}}
{{- define "mesh.environment" -}}
{{- $root := index . 0 -}}
{{- $added := dict -}}
{{- $further := concat $root.Values.proxy.additionalEnv $root.Values.proxy.experimentalEnv -}}
{{- range $further }}{{ $_ := set $added .name (.value | default "") }}{{ end -}}
{{- $variables := include "mesh.environment.variables" . | fromYamlArray -}}
{{- $names := list -}}
{{- $entries := list -}}
{{- range $variables -}}
{{- $names = append $names .name -}}
{{- if hasKey $added .name }}{{ $entries = append $entries (dict "name" .name "value" (get $added .name)) -}}
{{- else }}{{ $entries = append $entries . }}{{ end -}}
{{- end -}}
{{- range $further -}}
{{- if not (has .name $names) -}}
{{- $names = append $names .name -}}
{{- $entries = append $entries (dict "name" .name "value" (get $added .name)) -}}
{{- end -}}
{{- end -}}
{{- toYaml $entries -}}
{{- end -}}

{{- define "mesh.environment.variables" -}}
{{- $root := index . 0 -}}
{{- $proxy := index . 1 -}}
{{- $values := $root.Values -}}
{{- $set := $values.proxy -}}
{{- $ports := $set.ports -}}
{{- $everywhere := ternary "0.0.0.0" "[::]" $values.disableIPv6 -}}
{{- include "mesh.environment.facts" . }}
{{- include "mesh.environment.workers" . }}
- name: LINKERD2_PROXY_LOG
  value: {{ include "mesh.environment.logFilter" $set | quote }}
- name: LINKERD2_PROXY_LOG_FORMAT
  value: {{ $set.logFormat }}
{{- with $set.accessLog }}
- name: LINKERD2_PROXY_ACCESS_LOG
  value: {{ . }}
{{- end }}
- name: LINKERD2_PROXY_SHUTDOWN_ENDPOINT_ENABLED
  value: {{ $set.enableShutdownEndpoint | quote }}
{{- with $set.shutdownGracePeriod }}
- name: LINKERD2_PROXY_SHUTDOWN_GRACE_PERIOD
  value: {{ include "mesh.duration" . }}
{{- end }}
- name: LINKERD2_PROXY_OUTBOUND_METRICS_HOSTNAME_LABELS
  value: {{ $set.metrics.hostnameLabels | quote }}
- name: LINKERD2_PROXY_CONTROL_LISTEN_ADDR
  value: {{ printf "%s:%d" $everywhere (int $ports.control) | quote }}
- name: LINKERD2_PROXY_ADMIN_LISTEN_ADDR
  value: {{ printf "%s:%d" $everywhere (int $ports.admin) | quote }}
- name: LINKERD2_PROXY_OUTBOUND_LISTEN_ADDR
  value: {{ printf "127.0.0.1:%d" (int $ports.outbound) | quote }}
- name: LINKERD2_PROXY_OUTBOUND_LISTEN_ADDRS
  value: {{ printf "127.0.0.1:%d%s" (int $ports.outbound) (ternary "" (printf ",[::1]:%d" (int $ports.outbound)) $values.disableIPv6) | quote }}
- name: LINKERD2_PROXY_INBOUND_LISTEN_ADDR
  value: {{ printf "%s:%d" $everywhere (int $ports.inbound) | quote }}
- name: LINKERD2_PROXY_INBOUND_CONNECT_TIMEOUT
  value: {{ include "mesh.milliseconds" $set.inboundConnectTimeout }}ms
- name: LINKERD2_PROXY_OUTBOUND_CONNECT_TIMEOUT
  value: {{ include "mesh.milliseconds" $set.outboundConnectTimeout }}ms
- name: LINKERD2_PROXY_INBOUND_DISCOVERY_IDLE_TIMEOUT
  value: {{ include "mesh.duration" $set.inboundDiscoveryCacheUnusedTimeout }}
- name: LINKERD2_PROXY_OUTBOUND_DISCOVERY_IDLE_TIMEOUT
  value: {{ include "mesh.duration" $set.outboundDiscoveryCacheUnusedTimeout }}
{{- if $set.disableInboundProtocolDetectTimeout }}
- name: LINKERD2_PROXY_INBOUND_DETECT_TIMEOUT
  value: 365d
{{- end }}
{{- if $set.disableOutboundProtocolDetectTimeout }}
- name: LINKERD2_PROXY_OUTBOUND_DETECT_TIMEOUT
  value: 365d
{{- end }}
- name: LINKERD2_PROXY_INBOUND_ACCEPT_KEEPALIVE
  value: 10000ms
- name: LINKERD2_PROXY_OUTBOUND_CONNECT_KEEPALIVE
  value: 10000ms
- name: LINKERD2_PROXY_INBOUND_ACCEPT_USER_TIMEOUT
  value: 30s
- name: LINKERD2_PROXY_OUTBOUND_CONNECT_USER_TIMEOUT
  value: 30s
{{- range $side := list "inbound" "outbound" }}
{{- $http2 := (get $set $side).server.http2 }}
- name: LINKERD2_PROXY_{{ upper $side }}_SERVER_HTTP2_KEEP_ALIVE_INTERVAL
  value: {{ include "mesh.duration" $http2.keepAliveInterval }}
- name: LINKERD2_PROXY_{{ upper $side }}_SERVER_HTTP2_KEEP_ALIVE_TIMEOUT
  value: {{ include "mesh.duration" $http2.keepAliveTimeout }}
{{- end }}
{{- include "mesh.environment.inbound" . }}
{{- include "mesh.environment.controlPlane" . }}
{{- include "mesh.environment.identity" . }}
{{- end -}}

{{- /* What the variables below refer to: the kubelet knows it when the pod is on its node. */ -}}
{{- define "mesh.environment.facts" -}}
{{- range list (list "_pod_name" "metadata.name") (list "_pod_ns" "metadata.namespace") (list "_pod_nodeName" "spec.nodeName") (list "_pod_sa" "spec.serviceAccountName") (list "_pod_ips" "status.podIPs") }}
- name: {{ index . 0 }}
  valueFrom:
    fieldRef:
      fieldPath: {{ index . 1 }}
{{- end }}
{{- end -}}

{{- /* How many threads the proxy may use. More than the cores that it may use would only wait. */ -}}
{{- define "mesh.environment.workers" -}}
{{- $root := index . 0 -}}
{{- $workers := $root.Values.proxy.runtime.workers -}}
{{- $limit := (include "mesh.proxy.resources" . | fromYaml).cpu.limit | toString }}
- name: LINKERD2_PROXY_CORES_MIN
  value: {{ int $workers.minimum | quote }}
{{- if $workers.maximumCPURatio }}
- name: LINKERD2_PROXY_CORES_MAX_RATIO
  value: {{ toString $workers.maximumCPURatio | quote }}
{{- else if $limit }}
{{- $cores := float64 $limit }}
{{- if hasSuffix "m" $limit }}{{ $cores = divf (trimSuffix "m" $limit | float64) 1000 }}{{ end }}
- name: LINKERD2_PROXY_CORES
  value: {{ ceil $cores | int | max 1 | quote }}
{{- else if $root.Values.proxy.cores }}
- name: LINKERD2_PROXY_CORES
  value: {{ int $root.Values.proxy.cores | quote }}
{{- end }}
{{- end -}}

{{- /* Headers may hold secrets: they stay out of the log unless asked for. */ -}}
{{- define "mesh.environment.logFilter" -}}
{{ .logLevel }}{{ if ne .logHTTPHeaders "insecure" }},[{headers}]=off,[{request}]=off{{ end }}
{{- end -}}

{{- define "mesh.environment.inbound" -}}
{{- $set := (index . 0).Values.proxy -}}
{{- $proxy := index . 1 }}
{{- /* Open whatever the default of others is: without the control plane nobody is certified. */}}
- name: LINKERD2_PROXY_INBOUND_DEFAULT_POLICY
  value: all-unauthenticated
- name: LINKERD2_PROXY_INBOUND_IPS
  value: $(_pod_ips)
{{- with join "," $proxy.ports }}
- name: LINKERD2_PROXY_INBOUND_PORTS
  value: {{ . | quote }}
{{- end }}
{{- with include "mesh.ports" ($proxy.opaquePorts | default $set.opaquePorts) }}
- name: LINKERD2_PROXY_INBOUND_PORTS_DISABLE_PROTOCOL_DETECTION
  value: {{ . | quote }}
{{- end }}
{{- with include "mesh.ports" $set.requireIdentityOnInboundPorts }}
- name: LINKERD2_PROXY_INBOUND_PORTS_REQUIRE_IDENTITY
  value: {{ . | quote }}
{{- end }}
{{- /* What workloads send to be certified must never travel in the clear. */ -}}
{{- with eq $proxy.component "identity" | ternary "8080" (include "mesh.ports" $set.requireTLSOnInboundPorts) }}
- name: LINKERD2_PROXY_INBOUND_PORTS_REQUIRE_TLS
  value: {{ . | quote }}
{{- end }}
{{- end -}}

{{- define "mesh.environment.controlPlane" -}}
{{- $root := index . 0 -}}
{{- $set := $root.Values.proxy -}}
{{- $component := (index . 1).component -}}
{{- $destination := include "mesh.environment.identityOf" (list $root "linkerd-destination") }}
- name: LINKERD2_PROXY_DESTINATION_SVC_ADDR
  value: {{ include "mesh.environment.service" (list $root "linkerd-dst-headless" 8086 (eq $component "destination")) }}
- name: LINKERD2_PROXY_DESTINATION_SVC_NAME
  value: {{ $destination }}
- name: LINKERD2_PROXY_DESTINATION_CONTEXT
  value: '{"ns": "$(_pod_ns)", "nodeName": "$(_pod_nodeName)", "pod": "$(_pod_name)"}'
- name: LINKERD2_PROXY_DESTINATION_PROFILE_NETWORKS
  value: {{ $root.Values.clusterNetworks | nospace | quote }}
- name: LINKERD2_PROXY_DESTINATION_PROFILE_SUFFIXES
  value: {{ ternary "." (printf "svc.%s." $root.Values.clusterDomain) $set.enableExternalProfiles | quote }}
- name: LINKERD2_PROXY_POLICY_SVC_ADDR
  value: {{ include "mesh.environment.service" (list $root "linkerd-policy" 8090 (eq $component "destination")) }}
- name: LINKERD2_PROXY_POLICY_SVC_NAME
  value: {{ $destination }}
- name: LINKERD2_PROXY_POLICY_WORKLOAD
  value: '{"ns": "$(_pod_ns)", "pod": "$(_pod_name)"}'
- name: LINKERD2_PROXY_POLICY_CLUSTER_NETWORKS
  value: {{ $root.Values.clusterNetworks | nospace | quote }}
- name: LINKERD2_PROXY_CONTROL_STREAM_INITIAL_TIMEOUT
  value: {{ include "mesh.duration" $set.control.streams.initialTimeout }}
- name: LINKERD2_PROXY_CONTROL_STREAM_IDLE_TIMEOUT
  value: {{ include "mesh.duration" $set.control.streams.idleTimeout }}
- name: LINKERD2_PROXY_CONTROL_STREAM_LIFETIME
  value: {{ include "mesh.duration" $set.control.streams.lifetime }}
{{- end -}}

{{- define "mesh.environment.identity" -}}
{{- $root := index . 0 }}
- name: LINKERD2_PROXY_IDENTITY_SVC_ADDR
  value: {{ include "mesh.environment.service" (list $root "linkerd-identity-headless" 8080 (eq (index . 1).component "identity")) }}
- name: LINKERD2_PROXY_IDENTITY_SVC_NAME
  value: {{ include "mesh.environment.identityOf" (list $root "linkerd-identity") }}
- name: LINKERD2_PROXY_IDENTITY_LOCAL_NAME
  value: $(_pod_sa).$(_pod_ns).serviceaccount.identity.{{ $root.Release.Namespace }}.{{ include "mesh.trustDomain" $root }}
- name: LINKERD2_PROXY_IDENTITY_TRUST_ANCHORS
  valueFrom:
    configMapKeyRef:
      name: linkerd-identity-trust-roots
      key: ca-bundle.crt
- name: LINKERD2_PROXY_IDENTITY_DIR
  value: /var/run/linkerd/identity/end-entity
- name: LINKERD2_PROXY_IDENTITY_TOKEN_FILE
  value: {{ include "mesh.identityTokenFile" $root }}
{{- end -}}

{{- define "mesh.identityTokenFile" -}}
{{- if .Values.identity.serviceAccountTokenProjection -}}
/var/run/secrets/tokens/linkerd-identity-token
{{- else -}}
/var/run/secrets/kubernetes.io/serviceaccount/token
{{- end -}}
{{- end -}}

{{- /* The name under which a part of the control plane is certified. */ -}}
{{- define "mesh.environment.identityOf" -}}
{{- $root := index . 0 -}}
{{ index . 1 }}.{{ $root.Release.Namespace }}.serviceaccount.identity.{{ $root.Release.Namespace }}.{{ include "mesh.trustDomain" $root }}
{{- end -}}

{{- /*
Where a Service of the control plane is; its own pods reach it over loopback. The dot at the end keeps
the resolver from trying its search list first.
*/ -}}
{{- define "mesh.environment.service" -}}
{{- $root := index . 0 -}}
{{- if index . 3 -}}
localhost.:{{ index . 2 }}
{{- else -}}
{{ index . 1 }}.{{ $root.Release.Namespace }}.svc.{{ $root.Values.clusterDomain }}.:{{ index . 2 }}
{{- end -}}
{{- end -}}
