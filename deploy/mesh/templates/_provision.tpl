{{- /* The pod that makes the certificates. */ -}}
{{- define "mesh.provision.pod" -}}
metadata:
  labels:
    {{- include "mesh.labels" (list . "provision") | nindent 4 }}
    {{- with .Values.podLabels }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
  {{- with .Values.podAnnotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
spec:
  serviceAccountName: linkerd-provision
  restartPolicy: OnFailure
  {{- include "mesh.pod" . | nindent 2 }}
  containers:
    - name: provision
      {{- include "mesh.image" (list . "identity" .Values.identity.image) | nindent 6 }}
      args:
        - provision
        - --namespace={{ .Release.Namespace }}
        - --trust-domain={{ include "mesh.trustDomain" . }}
      {{- include "mesh.securityContext" . | nindent 6 }}
      {{- with include "mesh.apiAccess.mount" . }}
      volumeMounts:
        {{- . | nindent 8 }}
      {{- end }}
  {{- with include "mesh.apiAccess.volume" . }}
  volumes:
    {{- . | nindent 4 }}
  {{- end }}
{{- end -}}
