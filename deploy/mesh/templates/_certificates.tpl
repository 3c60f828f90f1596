{{- /*
The certificates of this installation, as a dictionary at the root, `certificates`, made once per
rendering because sprig gives different ones each time:
  roots     the data of the ConfigMap linkerd-identity-trust-roots
  anchors   what is in it, as PEM, empty if only the cluster knows
  issuer    the data of the Secret linkerd-identity-issuer
  webhook   the data of the Secret linkerd-proxy-injector-k8s-tls
  bundle    what the API server trusts when it calls the injector, in base64, empty likewise
Each is given in the values, or somebody else's, or found in the cluster, or new. New ones are made
only where it is certain that there are none: a rendering that cannot look is refused.
*/ -}}
{{- define "mesh.certificates" -}}
{{- if not (hasKey . "certificates") -}}
{{- $_ := set . "certificates" (dict "roots" dict "anchors" "" "issuer" dict "webhook" dict "bundle" "") -}}
{{- include "mesh.certificates.checkPublic" . -}}
{{- include "mesh.certificates.checkIdentity" . -}}
{{- include "mesh.certificates.checkWebhook" . -}}
{{- include "mesh.certificates.identity" . -}}
{{- include "mesh.certificates.webhook" . -}}
{{- end -}}
{{- end -}}

{{- /* Who has the roots, the issuer and the webhook's certificate: given, external, helm or job. */ -}}
{{- define "mesh.source.roots" -}}
{{- if .Values.identity.externalCA -}}external
{{- else if .Values.identityTrustAnchorsPEM -}}given
{{- else -}}{{ .Values.identity.generate }}
{{- end -}}
{{- end -}}

{{- define "mesh.source.issuer" -}}
{{- if eq .Values.identity.issuer.scheme "kubernetes.io/tls" -}}external
{{- else if .Values.identity.issuer.tls.crtPEM -}}given
{{- else -}}{{ .Values.identity.generate }}
{{- end -}}
{{- end -}}

{{- define "mesh.source.webhook" -}}
{{- if .Values.proxyInjector.externalSecret -}}external
{{- else if .Values.proxyInjector.crtPEM -}}given
{{- else -}}{{ .Values.identity.generate }}
{{- end -}}
{{- end -}}

{{- define "mesh.certificates.identity" -}}
{{- $made := .certificates -}}
{{- $tls := .Values.identity.issuer.tls -}}
{{- if eq (include "mesh.source.roots" .) "given" -}}
{{- $_ := set $made "anchors" (trim .Values.identityTrustAnchorsPEM) -}}
{{- end -}}
{{- $source := include "mesh.source.issuer" . -}}
{{- if eq $source "given" -}}
{{- $_ := set $made "issuer" (include "mesh.certificates.pair" (list "crt.pem" $tls.crtPEM "key.pem" $tls.keyPEM) | fromYaml) -}}
{{- else if ne $source "external" -}}
{{- $_ := set $made "issuer" (include "mesh.found" (list . "Secret" "linkerd-identity-issuer" $source) | fromYaml) -}}
{{- $_ := set $made "roots" (include "mesh.found" (list . "ConfigMap" "linkerd-identity-trust-roots" $source) | fromYaml) -}}
{{- if eq $source "helm" }}{{ include "mesh.certificates.ensureIdentity" . }}{{ end -}}
{{- end -}}
{{- if $made.anchors }}{{ $_ := set $made "roots" (dict "ca-bundle.crt" $made.anchors) }}{{ end -}}
{{- end -}}

{{- /* Keep the identity that was found, or make one. */ -}}
{{- define "mesh.certificates.ensureIdentity" -}}
{{- $made := .certificates -}}
{{- $anchors := get $made.roots "ca-bundle.crt" -}}
{{- $whole := and (get $made.issuer "crt.pem") (get $made.issuer "key.pem") -}}
{{- if and $anchors $whole -}}
{{- $_ := set $made "anchors" $anchors -}}
{{- else if $anchors -}}
{{- fail (printf "the ConfigMap linkerd-identity-trust-roots is in namespace %s, but no Secret linkerd-identity-issuer with crt.pem and key.pem: restore it, or give identityTrustAnchorsPEM and identity.issuer.tls, or delete the ConfigMap to have both made anew (then restart all meshed pods)" .Release.Namespace) -}}
{{- else if $made.issuer -}}
{{- fail (printf "the Secret linkerd-identity-issuer is in namespace %s, but no ConfigMap linkerd-identity-trust-roots with ca-bundle.crt, so nothing says which roots the proxies trust: restore it, or give identityTrustAnchorsPEM and identity.issuer.tls, or delete the Secret to have both made anew (then restart all meshed pods)" .Release.Namespace) -}}
{{- else -}}
{{- include "mesh.mustLook" (list . "the mesh's identity" "identityTrustAnchorsPEM, identity.issuer.tls.crtPEM and identity.issuer.tls.keyPEM") -}}
{{- /* The root issues by itself, since sprig cannot sign an authority; as `linkerd install` does. */ -}}
{{- $name := printf "identity.%s.%s" .Release.Namespace (include "mesh.trustDomain" .) -}}
{{- $root := genCAWithKey $name 365 (genPrivateKey "ecdsa") -}}
{{- $_ := set $made "anchors" (trim $root.Cert) -}}
{{- $_ := set $made "issuer" (include "mesh.certificates.pair" (list "crt.pem" $root.Cert "key.pem" $root.Key) | fromYaml) -}}
{{- end -}}
{{- end -}}

{{- define "mesh.certificates.webhook" -}}
{{- $made := .certificates -}}
{{- $own := .Values.proxyInjector -}}
{{- $source := include "mesh.source.webhook" . -}}
{{- if eq $source "given" -}}
{{- $_ := set $made "webhook" (include "mesh.certificates.pair" (list "tls.crt" $own.crtPEM "tls.key" $own.keyPEM) | fromYaml) -}}
{{- $_ := set $made "bundle" (include "mesh.certificates.encoded" ($own.caBundle | default $own.crtPEM)) -}}
{{- else if eq $source "external" -}}
{{- with $own.caBundle }}{{ $_ := set $made "bundle" (include "mesh.certificates.encoded" .) }}{{ end -}}
{{- else -}}
{{- $_ := set $made "webhook" (include "mesh.found" (list . "Secret" "linkerd-proxy-injector-k8s-tls" $source) | fromYaml) -}}
{{- $_ := set $made "bundle" (include "mesh.certificates.liveBundle" .) -}}
{{- if eq $source "helm" }}{{ include "mesh.certificates.ensureWebhook" . }}{{ end -}}
{{- end -}}
{{- if or $own.injectCaFrom $own.injectCaFromSecret }}{{ $_ := set $made "bundle" "" }}{{ end -}}
{{- end -}}

{{- define "mesh.certificates.ensureWebhook" -}}
{{- $made := .certificates -}}
{{- if and (get $made.webhook "tls.crt") (get $made.webhook "tls.key") -}}
{{- $_ := set $made "bundle" (get $made.webhook "ca.crt" | default $made.bundle | default (get $made.webhook "tls.crt")) -}}
{{- else -}}
{{- include "mesh.mustLook" (list . "the injector's webhook" "proxyInjector.crtPEM and proxyInjector.keyPEM") -}}
{{- $host := printf "linkerd-proxy-injector.%s.svc" .Release.Namespace -}}
{{- /* Nobody else trusts this authority, and its key is forgotten at once: ten years do no harm. */ -}}
{{- $root := genCAWithKey (printf "%s root" $host) 3650 (genPrivateKey "ecdsa") -}}
{{- $leaf := genSignedCertWithKey $host nil (list $host) 3650 $root (genPrivateKey "ecdsa") -}}
{{- $data := include "mesh.certificates.pair" (list "tls.crt" $leaf.Cert "tls.key" $leaf.Key) | fromYaml -}}
{{- $_ := set $made "bundle" (include "mesh.certificates.encoded" $root.Cert) -}}
{{- $_ := set $made "webhook" (set $data "ca.crt" $made.bundle) -}}
{{- end -}}
{{- end -}}

{{- /* What the API server trusts now; a Job may have told it. */ -}}
{{- define "mesh.certificates.liveBundle" -}}
{{- $live := lookup "admissionregistration.k8s.io/v1" "MutatingWebhookConfiguration" "" "linkerd-proxy-injector-webhook-config" | default dict -}}
{{- $first := get $live "webhooks" | default (list dict) | first -}}
{{- dig "clientConfig" "caBundle" "" $first -}}
{{- end -}}

{{- /* Data of a Secret. Takes a list: a name, PEM, another name, PEM. */ -}}
{{- define "mesh.certificates.pair" -}}
{{ index . 0 }}: {{ include "mesh.certificates.encoded" (index . 1) }}
{{ index . 2 }}: {{ include "mesh.certificates.encoded" (index . 3) }}
{{- end -}}

{{- define "mesh.certificates.encoded" -}}
{{- printf "%s\n" (trim .) | b64enc -}}
{{- end -}}

{{- /*
What an object of ours holds in the cluster. Takes the root, the kind, the name and who makes it. What a
Job has filled in is left to it: rendered, the keys would be in Helm's records of this release too.
*/ -}}
{{- define "mesh.found" -}}
{{- $object := lookup "v1" (index . 1) (index . 0).Release.Namespace (index . 2) | default dict -}}
{{- $filled := dig "metadata" "annotations" "linkerd.io/filled-by" "" $object -}}
{{- if not (and $filled (eq (index . 3) "job")) -}}
{{- toYaml (get $object "data" | default dict) -}}
{{- end -}}
{{- end -}}

{{- /* Says of an object that is rendered empty who fills it. Takes what is rendered. */ -}}
{{- define "mesh.filledBy" -}}
{{- if not . }}linkerd.io/filled-by: linkerd-provision{{ end -}}
{{- end -}}

{{- /*
Refuse to make certificates without knowing that there are none: each rendering would bring new
ones. Every cluster has the namespace kube-system. Takes the root, whose certificates, which values.
*/ -}}
{{- define "mesh.mustLook" -}}
{{- if not (lookup "v1" "Namespace" "" "kube-system") -}}
{{- fail (printf "the certificates of %s are not given and the cluster cannot be asked whether it has any, as with `helm template`, --dry-run=client and most GitOps tools: new ones with each rendering would cut off every proxy. Set identity.generate=job to have a Job in the cluster make them once, or give %s; for a look at the result use --dry-run=server" (index . 1) (index . 2)) -}}
{{- end -}}
{{- end -}}
