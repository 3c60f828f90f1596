{{- /*
What makes a pod of the control plane a member of the mesh: the same containers, volumes, labels and
annotations that the injector gives to any other pod. The injector cannot do it here, because it is
one of these pods. Every template takes a list: the root and the proxy (see mesh.environment).
*/ -}}

{{- /*
What certifies proxies stands beside identity's own: it cannot wait for that one. A test ends, which
it could not beside a classic sidecar.
*/ -}}
{{- define "mesh.proxy.isNative" -}}
{{- $wanted := or (index . 0).Values.proxy.nativeSidecar (eq (index . 1).component "test") -}}
{{- if and $wanted (ne (index . 1).component "identity") }}true{{ end -}}
{{- end -}}

{{- define "mesh.proxy.isAwaited" -}}
{{- if and (index . 0).Values.proxy.await (ne (index . 1).component "identity") }}true{{ end -}}
{{- end -}}

{{- /* The init containers: the redirect, and the proxy where it is native. */ -}}
{{- define "mesh.initContainers" -}}
{{- if (index . 0).Values.cniEnabled -}}
{{- include "mesh.networkValidator" . }}
{{- else -}}
{{- include "mesh.init" . }}
{{- end }}
{{- if include "mesh.proxy.isNative" . }}
{{ include "mesh.proxy" . }}
{{- end }}
{{- end -}}

{{- /* The proxy, if it is classic and stands before the pod's own container, which then waits. */ -}}
{{- define "mesh.firstContainers" -}}
{{- if and (not (include "mesh.proxy.isNative" .)) (include "mesh.proxy.isAwaited" .) -}}
{{- include "mesh.proxy" . }}
{{- end -}}
{{- end -}}

{{- /* The proxy, if it is classic and nobody waits for it. */ -}}
{{- define "mesh.lastContainers" -}}
{{- if not (or (include "mesh.proxy.isNative" .) (include "mesh.proxy.isAwaited" .)) -}}
{{- include "mesh.proxy" . }}
{{- end -}}
{{- end -}}

{{- define "mesh.proxy" -}}
{{- $root := index . 0 -}}
{{- $set := $root.Values.proxy -}}
{{- $native := include "mesh.proxy.isNative" . -}}
{{- $awaited := include "mesh.proxy.isAwaited" . -}}
- name: linkerd-proxy
  {{- include "mesh.proxy.image" $root | nindent 2 }}
  {{- if $native }}
  restartPolicy: Always
  {{- end }}
  env:
    {{- include "mesh.environment" . | nindent 4 }}
  ports:
    - name: linkerd-proxy
      containerPort: {{ int $set.ports.inbound }}
    - name: linkerd-admin
      containerPort: {{ int $set.ports.admin }}
  livenessProbe:
    {{- include "mesh.proxy.probe" (list $root "/live" $set.livenessProbe) | nindent 4 }}
  readinessProbe:
    {{- include "mesh.proxy.probe" (list $root "/ready" $set.readinessProbe) | nindent 4 }}
  {{- if and $native $awaited }}
  startupProbe:
    {{- include "mesh.proxy.probe" (list $root "/ready" $set.startupProbe) | nindent 4 }}
  {{- end }}
  {{- if not $native }}
  {{- $seconds := min $set.waitBeforeExitSeconds 30 | int }}
  {{- if or $awaited $seconds }}
  lifecycle:
    {{- if $awaited }}
    postStart:
      exec:
        command:
          - /usr/lib/linkerd/linkerd-await
          - --timeout=2m
          - --port={{ int $set.ports.admin }}
    {{- end }}
    {{- if $seconds }}
    preStop:
      sleep:
        seconds: {{ $seconds }}
    {{- end }}
  {{- end }}
  {{- end }}
  {{- with include "mesh.resources" (include "mesh.proxy.resources" . | fromYaml) }}
  {{- . | nindent 2 }}
  {{- end }}
  securityContext:
    {{- $group := ternary $set.gid $set.uid (gt (int $set.gid) 0) }}
    {{- $ours := include "mesh.unprivileged" (list $set.uid $group) | fromYaml }}
    {{- toYaml (merge (deepCopy $set.securityContext) $ours) | nindent 4 }}
  terminationMessagePolicy: FallbackToLogsOnError
  volumeMounts:
    - name: linkerd-identity-end-entity
      mountPath: /var/run/linkerd/identity/end-entity
    {{- if $root.Values.identity.serviceAccountTokenProjection }}
    - name: linkerd-identity-token
      mountPath: /var/run/secrets/tokens
    {{- end }}
{{- end -}}

{{- /* Takes a list: the root, the path, and when the kubelet asks. */ -}}
{{- define "mesh.proxy.probe" -}}
{{- $times := index . 2 -}}
httpGet:
  path: {{ index . 1 }}
  port: {{ int (index . 0).Values.proxy.ports.admin }}
{{- with $times.initialDelaySeconds }}
initialDelaySeconds: {{ int . }}
{{- end }}
timeoutSeconds: {{ int ($times.timeoutSeconds | default 1) }}
{{- with $times.periodSeconds }}
periodSeconds: {{ int . }}
{{- end }}
{{- with $times.failureThreshold }}
failureThreshold: {{ int . }}
{{- end }}
{{- end -}}

{{- /* The component's own resources, and the general ones where it has none. */ -}}
{{- define "mesh.proxy.resources" -}}
{{- $general := (index . 0).Values.proxy.resources -}}
{{- $own := (index . 1).resources -}}
{{- $result := dict -}}
{{- range $resource := list "cpu" "memory" "ephemeral-storage" -}}
{{- $bounds := dict -}}
{{- range $bound := list "limit" "request" -}}
{{- $value := dig $resource $bound "" $own | toString | default (dig $resource $bound "" $general | toString) -}}
{{- $_ := set $bounds $bound $value -}}
{{- end -}}
{{- $_ := set $result $resource $bounds -}}
{{- end -}}
{{- toYaml $result -}}
{{- end -}}

{{- define "mesh.proxy.image" -}}
{{- $image := .Values.proxy.image -}}
image: {{ include "mesh.proxy.reference" . }}
imagePullPolicy: {{ $image.pullPolicy | default .Values.imagePullPolicy }}
{{- end -}}

{{- define "mesh.proxy.reference" -}}
{{- $image := .Values.proxy.image -}}
{{- include "mesh.imageReference" (list $image.name ($image.version | default .Chart.AppVersion)) -}}
{{- end -}}

{{- /* The tag or digest of the proxy's image. */ -}}
{{- define "mesh.proxy.version" -}}
{{- $reference := include "mesh.proxy.reference" . -}}
{{- if contains "@" $reference -}}
{{- splitList "@" $reference | last -}}
{{- else -}}
{{- splitList ":" (base $reference) | rest | join ":" -}}
{{- end -}}
{{- end -}}

{{- /* Makes the redirect. The control plane reaches the Kubernetes API without its proxies. */ -}}
{{- define "mesh.init" -}}
{{- $root := index . 0 -}}
{{- $set := $root.Values.proxy -}}
{{- $init := $root.Values.proxyInit -}}
{{- $ports := $set.ports -}}
{{- $asRoot := eq (include "mesh.init.isRoot" $root) "true" -}}
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
    {{- if ne $init.iptablesMode "nft" }}
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
      mountPath: {{ $init.xtMountPath }}
{{- end -}}

{{- define "mesh.init.isRoot" -}}
{{- or .Values.proxyInit.runAsRoot (eq (int .Values.proxyInit.runAsUser) 0) -}}
{{- end -}}

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
    {{- include "mesh.unprivileged" (list $root.Values.proxyInit.runAsUser $root.Values.proxyInit.runAsGroup) | nindent 4 }}
  {{- end }}
  terminationMessagePolicy: FallbackToLogsOnError
{{- end -}}

{{- /* Nothing but a user. Takes a list: user and group. */ -}}
{{- define "mesh.unprivileged" -}}
allowPrivilegeEscalation: false
capabilities:
  drop:
    - ALL
readOnlyRootFilesystem: true
runAsGroup: {{ index . 1 | int64 }}
runAsNonRoot: true
runAsUser: {{ index . 0 | int64 }}
seccompProfile:
  type: RuntimeDefault
{{- end -}}

{{- define "mesh.volumes" -}}
{{- $root := index . 0 -}}
{{- if not $root.Values.cniEnabled -}}
- name: linkerd-proxy-init-xtables-lock
  emptyDir: {}
{{ end -}}
- name: linkerd-identity-end-entity
  emptyDir:
    medium: Memory
{{- if $root.Values.identity.serviceAccountTokenProjection }}
- name: linkerd-identity-token
  projected:
    sources:
      - serviceAccountToken:
          path: linkerd-identity-token
          expirationSeconds: 86400
          audience: identity.l5d.io
{{- end }}
{{- end -}}

{{- /*
Labels and annotations of a pod. Takes a list: the root, the proxy, and the component's own
annotations. Annotations that set up the proxy have no effect here: the values do that.
*/ -}}
{{- define "mesh.podMetadata" -}}
{{- $root := index . 0 -}}
{{- $proxy := index . 1 -}}
{{- include "mesh.certificates" $root -}}
{{- $given := merge (deepCopy (index . 2)) $root.Values.podAnnotations -}}
labels:
  app.kubernetes.io/name: {{ $proxy.component }}
  app.kubernetes.io/version: {{ $root.Chart.AppVersion }}
  {{- include "mesh.labels" (list $root $proxy.component) | nindent 2 }}
  {{- with $root.Values.podLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  linkerd.io/workload-ns: {{ $root.Release.Namespace }}
  linkerd.io/proxy-deployment: linkerd-{{ $proxy.component }}
annotations:
  {{- with $given }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
  cluster-autoscaler.kubernetes.io/safe-to-evict: "true"
  {{- if include "mesh.firstContainers" (list $root $proxy) }}
  kubectl.kubernetes.io/default-container: {{ $proxy.container }}
  {{- end }}
  {{- with $proxy.opaquePorts }}
  config.linkerd.io/opaque-ports: {{ . | quote }}
  {{- end }}
  config.linkerd.io/default-inbound-policy: all-unauthenticated
  config.linkerd.io/pod-inbound-ports: {{ join "," $proxy.ports | quote }}
  linkerd.io/proxy-version: {{ include "mesh.proxy.version" $root | quote }}
  {{- /* The proxy reads the roots when it starts: new ones have to start it. */}}
  {{- with $root.certificates.anchors }}
  linkerd.io/trust-root-sha256: {{ sha256sum (trim .) }}
  {{- end }}
  {{- include "mesh.createdBy" $root | nindent 2 }}
{{- end -}}
