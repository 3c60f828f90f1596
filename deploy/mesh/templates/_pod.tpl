{{- /*
What all pods of the control plane have in common, beside their containers. Takes the root.
*/ -}}
{{- define "mesh.pod" -}}
{{- /* The API token is mounted into the one container that needs it, and not into its proxy. */ -}}
automountServiceAccountToken: {{ not .Values.identity.serviceAccountTokenProjection }}
securityContext:
  seccompProfile:
    type: RuntimeDefault
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeAffinity }}
affinity:
  nodeAffinity:
    {{- toYaml . | nindent 4 }}
{{- end }}
{{- with .Values.priorityClassName }}
priorityClassName: {{ . }}
{{- end }}
{{- with .Values.runtimeClassName }}
runtimeClassName: {{ . }}
{{- end }}
{{- with .Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- /* The security context of a container of ours: nothing but its program. */ -}}
{{- define "mesh.securityContext" -}}
securityContext:
  allowPrivilegeEscalation: false
  capabilities:
    drop:
      - ALL
  readOnlyRootFilesystem: true
  runAsNonRoot: true
  runAsUser: {{ int64 .Values.controllerUID }}
  {{- if ge (int64 .Values.controllerGID) 0 }}
  runAsGroup: {{ int64 .Values.controllerGID }}
  {{- end }}
  seccompProfile:
    type: RuntimeDefault
{{- end -}}

{{- /* Variables of a container, from the component's values. Of two of one name the experimental wins. */ -}}
{{- define "mesh.additionalEnv" -}}
{{- $added := dict -}}
{{- range concat .additionalEnv .experimentalEnv }}{{ $_ := set $added .name (.value | default "") }}{{ end -}}
{{- with $added -}}
env:
  {{- range $name, $value := . }}
  - name: {{ $name }}
    value: {{ $value | quote }}
  {{- end }}
{{- end -}}
{{- end -}}

{{- /* The probes of a container whose admin server listens on a port: takes its name. */ -}}
{{- define "mesh.probes" -}}
livenessProbe:
  httpGet:
    path: /live
    port: {{ . }}
  initialDelaySeconds: 10
  timeoutSeconds: 1
readinessProbe:
  failureThreshold: 7
  httpGet:
    path: /ready
    port: {{ . }}
  periodSeconds: 2
  timeoutSeconds: 1
{{- end -}}

{{- /* The token for the Kubernetes API, where only one container gets it. */ -}}
{{- define "mesh.apiAccess.volume" -}}
{{- if .Values.identity.serviceAccountTokenProjection -}}
- name: kube-api-access
  projected:
    defaultMode: 420
    sources:
      - serviceAccountToken:
          expirationSeconds: 3607
          path: token
      - configMap:
          name: kube-root-ca.crt
          items:
            - key: ca.crt
              path: ca.crt
      - downwardAPI:
          items:
            - fieldRef:
                apiVersion: v1
                fieldPath: metadata.namespace
              path: namespace
{{- end -}}
{{- end -}}

{{- define "mesh.apiAccess.mount" -}}
{{- if .Values.identity.serviceAccountTokenProjection -}}
- mountPath: /var/run/secrets/kubernetes.io/serviceaccount
  name: kube-api-access
  readOnly: true
{{- end -}}
{{- end -}}

{{- /* How many pods of a Deployment may be missing at once. Takes the root and the component. */ -}}
{{- define "mesh.disruptionBudget" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- if $root.Values.enablePodDisruptionBudget }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: linkerd-{{ $component }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "mesh.labels" . | nindent 4 }}
  annotations:
    {{- include "mesh.createdBy" $root | nindent 4 }}
spec:
  maxUnavailable: {{ $root.Values.controller.podDisruptionBudget.maxUnavailable }}
  selector:
    matchLabels:
      {{- include "mesh.selector" . | nindent 6 }}
{{- end }}
{{- end -}}
