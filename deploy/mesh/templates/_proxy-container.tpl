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
    {{- $context := include "mesh.unprivileged" (list $set.uid $group) | fromYaml }}
    {{- /* Field by field: `merge` would take false for "not set" and mix the lists of capabilities. */}}
    {{- range $field, $value := $set.securityContext }}{{ $_ := set $context $field $value }}{{ end }}
    {{- toYaml $context | nindent 4 }}
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
