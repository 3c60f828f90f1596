{{- define "mesh.trustDomain" -}}
{{ .Values.identityTrustDomain | default .Values.clusterDomain }}
{{- end -}}

{{- /* Labels of every object. */ -}}
{{- define "mesh.commonLabels" -}}
app.kubernetes.io/part-of: Linkerd
linkerd.io/control-plane-ns: {{ .Release.Namespace }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- /* Labels of a component's objects. Takes a list: the root and the component. */ -}}
{{- define "mesh.labels" -}}
{{- $root := index . 0 -}}
linkerd.io/control-plane-component: {{ index . 1 }}
{{ include "mesh.commonLabels" $root }}
{{- end -}}

{{- /*
Labels of the mesh's namespace: what it is for, that the injector has no business in it, and that its
pods may make redirects, which only a CNI plugin makes unnecessary.
*/ -}}
{{- define "mesh.namespace.labels" -}}
config.linkerd.io/admission-webhooks: disabled
linkerd.io/control-plane-ns: {{ .Release.Namespace }}
linkerd.io/is-control-plane: "true"
pod-security.kubernetes.io/enforce: {{ ternary "restricted" "privileged" .Values.cniEnabled }}
{{- end -}}

{{- /* What an object says about its origin. */ -}}
{{- define "mesh.createdBy" -}}
linkerd.io/created-by: {{ printf "mesh/helm %s" .Chart.AppVersion }}
{{- end -}}

{{- /*
The labels by which Services find a component's pods. Never to be changed: a Deployment's selector
cannot be, and an upgrade that tries is refused.
*/ -}}
{{- define "mesh.selector" -}}
{{- $root := index . 0 -}}
linkerd.io/control-plane-component: {{ index . 1 }}
linkerd.io/control-plane-ns: {{ $root.Release.Namespace }}
{{- end -}}

{{- /*
The image of a component. Takes a list: the root, the name's end, and the values that may override
the parts: name, version, pullPolicy.
*/ -}}
{{- define "mesh.image" -}}
{{- $root := index . 0 -}}
{{- $own := index . 2 -}}
{{- $name := $own.name | default (printf "%s-%s" $root.Values.controllerImage (index . 1)) -}}
image: {{ include "mesh.imageReference" (list $name (include "mesh.controllerVersion" (list $root $own))) }}
imagePullPolicy: {{ $own.pullPolicy | default $root.Values.imagePullPolicy }}
{{- end -}}

{{- /*
An image's name with its version, a tag or a digest. A name that has one stays as it is. Takes both.
*/ -}}
{{- define "mesh.imageReference" -}}
{{- $name := index . 0 -}}
{{- $version := index . 1 -}}
{{- if or (contains "@" $name) (contains ":" (base $name)) (not $version) -}}
{{ $name }}
{{- else -}}
{{ $name }}{{ ternary "@" ":" (hasPrefix "sha256:" $version) }}{{ $version }}
{{- end -}}
{{- end -}}

{{- define "mesh.controllerVersion" -}}
{{- $root := index . 0 -}}
{{- (index . 1).version | default $root.Values.controllerImageVersion | default $root.Chart.AppVersion -}}
{{- end -}}

{{- /* What a container reserves and may use, from values such as cpu.limit; nothing if unset. */ -}}
{{- define "mesh.resources" -}}
{{- $limits := dict -}}
{{- $requests := dict -}}
{{- range $resource, $bounds := . -}}
{{- with $bounds.limit }}{{ $_ := set $limits $resource (toString .) }}{{ end -}}
{{- with $bounds.request }}{{ $_ := set $requests $resource (toString .) }}{{ end -}}
{{- end -}}
{{- $resources := dict -}}
{{- if $limits }}{{ $_ := set $resources "limits" $limits }}{{ end -}}
{{- if $requests }}{{ $_ := set $resources "requests" $requests }}{{ end -}}
{{- if $resources -}}
resources:
  {{- toYaml $resources | nindent 2 }}
{{- end -}}
{{- end -}}
