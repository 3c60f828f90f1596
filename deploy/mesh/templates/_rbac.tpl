{{- /*
A component's ServiceAccount and what it may do everywhere. Takes a list: the root, the component and
the rules. What a component needs, it declares beside the code that needs it (`ACCESS`); a test
compares.
*/ -}}
{{- define "mesh.serviceAccount" -}}
{{- $root := index . 0 -}}
{{- $name := printf "linkerd-%s" (index . 1) -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "mesh.labels" . | nindent 4 }}
  annotations:
    {{- include "mesh.createdBy" $root | nindent 4 }}
{{- with $root.Values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}

{{- define "mesh.clusterRole" -}}
{{- $root := index . 0 -}}
{{- $account := printf "linkerd-%s" (index . 1) -}}
{{- $name := printf "linkerd-%s-%s" $root.Release.Namespace (index . 1) -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: {{ $name }}
  labels:
    {{- include "mesh.labels" . | nindent 4 }}
  annotations:
    {{- include "mesh.createdBy" $root | nindent 4 }}
rules:
  {{- toYaml (index . 2) | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: {{ $name }}
  labels:
    {{- include "mesh.labels" . | nindent 4 }}
  annotations:
    {{- include "mesh.createdBy" $root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ $account }}
    namespace: {{ $root.Release.Namespace }}
{{- end -}}

{{- /* The same for what it may do in the mesh's own namespace. */ -}}
{{- define "mesh.role" -}}
{{- $root := index . 0 -}}
{{- $name := printf "linkerd-%s" (index . 1) -}}
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "mesh.labels" . | nindent 4 }}
  annotations:
    {{- include "mesh.createdBy" $root | nindent 4 }}
rules:
  {{- toYaml (index . 2) | nindent 2 }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "mesh.labels" . | nindent 4 }}
  annotations:
    {{- include "mesh.createdBy" $root | nindent 4 }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: Role
  name: {{ $name }}
subjects:
  - kind: ServiceAccount
    name: {{ $name }}
    namespace: {{ $root.Release.Namespace }}
{{- end -}}

{{- /* What following resources needs. Takes an API group and the resources. */ -}}
{{- define "mesh.rule.read" -}}
apiGroups: [{{ index . 0 | quote }}]
resources: {{ index . 1 | toJson }}
verbs: [get, list, watch]
{{- end -}}

{{- define "mesh.rule.events" -}}
apiGroups: [""]
resources: [events]
verbs: [create, patch]
{{- end -}}
