{{- /* Labels and annotations of a definition. */ -}}
{{- define "crds.metadata" -}}
labels:
  app.kubernetes.io/part-of: Linkerd
  helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
  {{- with .Values.commonLabels }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
annotations:
  linkerd.io/created-by: {{ printf "mesh/helm %s" .Chart.AppVersion }}
  {{- if .Values.keep }}
  helm.sh/resource-policy: keep
  {{- end }}
  {{- with .Values.commonAnnotations }}
  {{- toYaml . | nindent 2 }}
  {{- end }}
{{- end -}}
