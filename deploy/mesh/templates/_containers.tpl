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

