{{- /* What the pods of `helm test` have in common: they end. */ -}}
{{- define "mesh.test.pod" -}}
serviceAccountName: default
restartPolicy: Never
# A mesh that is well takes a few seconds.
activeDeadlineSeconds: 120
{{ include "mesh.pod" . }}
{{- end -}}
