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
