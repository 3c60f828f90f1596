{{- /*
Refuse values that cannot hold together, which the schema cannot say. The injector refuses them too,
but it would do so when the mesh is installed already.
*/ -}}
{{- define "mesh.checkValues" -}}
{{- $proxy := .Values.proxy -}}
{{- $init := .Values.proxyInit -}}
{{- $ports := list -}}
{{- range $name, $port := $proxy.ports }}{{ $ports = append $ports (int $port) }}{{ end -}}
{{- if ne (len (uniq $ports)) (len $ports) -}}
{{- fail (printf "proxy.ports: admin, control, inbound and outbound must differ, got %s" (join ", " $ports)) -}}
{{- end -}}
{{- if and $proxy.nativeSidecar $proxy.waitBeforeExitSeconds -}}
{{- fail "proxy.waitBeforeExitSeconds does not work with a native sidecar, which ends after the application anyway: set it to 0, or proxy.nativeSidecar to false" -}}
{{- end -}}
{{- if and $init.closeWaitTimeoutSecs (ne (include "mesh.init.isRoot" .) "true") -}}
{{- fail "proxyInit.closeWaitTimeoutSecs needs a container that runs as root: set it to 0, or proxyInit.runAsRoot to true" -}}
{{- end -}}
{{- if and $init.closeWaitTimeoutSecs .Values.cniEnabled -}}
{{- fail "proxyInit.closeWaitTimeoutSecs is set by linkerd-init, which pods do not have with cniEnabled: set it to 0" -}}
{{- end -}}
{{- if and (eq (include "mesh.source.webhook" .) "job") (eq (include "mesh.source.roots" .) "external") -}}
{{- fail "identity.generate=job would make roots of its own where identity.externalCA says that somebody else does: give proxyInjector.crtPEM and keyPEM, or have somebody else make that certificate too with proxyInjector.externalSecret=true" -}}
{{- end -}}
{{- end -}}
