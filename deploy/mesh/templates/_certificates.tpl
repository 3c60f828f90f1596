{{- /*
The certificates of this installation as a dictionary at the root, `certificates`, made once per
rendering because sprig gives different ones each time:
  anchors                        PEM, empty where somebody else keeps the ConfigMap
  issuerCertificate, issuerKey   PEM, empty where somebody else keeps the Secret
  webhookCertificate, webhookKey, webhookBundle   the same of the injector's webhook
Each is, in this order: given in the values, somebody else's, found in the cluster, or new. New ones
are made only where it is certain that there are none: a rendering that cannot look is refused.
*/ -}}
{{- define "mesh.certificates" -}}
{{- if not (hasKey . "certificates") -}}
{{- $_ := set . "certificates" dict -}}
{{- include "mesh.certificates.identity" . -}}
{{- include "mesh.certificates.webhook" . -}}
{{- end -}}
{{- end -}}

{{- define "mesh.certificates.identity" -}}
{{- include "mesh.certificates.checkIdentity" . -}}
{{- $certificates := .certificates -}}
{{- $issuer := .Values.identity.issuer -}}
{{- $_ := set $certificates "anchors" (trim .Values.identityTrustAnchorsPEM) -}}
{{- $_ := set $certificates "issuerCertificate" (trim $issuer.tls.crtPEM) -}}
{{- $_ := set $certificates "issuerKey" (trim $issuer.tls.keyPEM) -}}
{{- if eq .Values.identity.generate "job" -}}
{{- include "mesh.certificates.mustNotDelete" (list . "Secret" "linkerd-identity-issuer") -}}
{{- end -}}
{{- if eq (include "mesh.generatesIdentity" .) "helm" -}}
{{- $secret := lookup "v1" "Secret" .Release.Namespace "linkerd-identity-issuer" -}}
{{- $roots := lookup "v1" "ConfigMap" .Release.Namespace "linkerd-identity-trust-roots" -}}
{{- if and $secret $roots -}}
{{- include "mesh.certificates.keepIdentity" (list . $secret $roots) -}}
{{- else if $secret -}}
{{- fail (printf "the Secret linkerd-identity-issuer is in namespace %s, but the ConfigMap linkerd-identity-trust-roots is not, so nothing says which roots the proxies trust: restore the ConfigMap, or give identityTrustAnchorsPEM and identity.issuer.tls, or delete the Secret to have both made anew" .Release.Namespace) -}}
{{- else if $roots -}}
{{- fail (printf "the ConfigMap linkerd-identity-trust-roots is in namespace %s, but the Secret linkerd-identity-issuer is not: restore the Secret, or give identityTrustAnchorsPEM and identity.issuer.tls, or delete the ConfigMap to have both made anew" .Release.Namespace) -}}
{{- else -}}
{{- include "mesh.certificates.mustLook" (list . "the mesh's identity" "identityTrustAnchorsPEM, identity.issuer.tls.crtPEM and identity.issuer.tls.keyPEM") -}}
{{- /* The root signs leaves itself: sprig cannot sign an authority. `mesh-identity provision` can. */ -}}
{{- $name := printf "identity.%s.%s" .Release.Namespace (include "mesh.trustDomain" .) -}}
{{- $root := genCAWithKey $name 365 (genPrivateKey "ecdsa") -}}
{{- $_ := set $certificates "anchors" (trim $root.Cert) -}}
{{- $_ := set $certificates "issuerCertificate" (trim $root.Cert) -}}
{{- $_ := set $certificates "issuerKey" (trim $root.Key) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- /* Take the certificates that are there. */ -}}
{{- define "mesh.certificates.keepIdentity" -}}
{{- $certificates := (index . 0).certificates -}}
{{- $secret := (index . 1).data | default dict -}}
{{- $roots := (index . 2).data | default dict -}}
{{- range tuple "crt.pem" "key.pem" -}}
{{- if not (get $secret .) -}}
{{- fail (printf "the Secret linkerd-identity-issuer has no %s: add it, or set identity.issuer.scheme=kubernetes.io/tls if somebody else keeps the Secret, or delete it and the ConfigMap linkerd-identity-trust-roots to have both made anew" .) -}}
{{- end -}}
{{- end -}}
{{- if not (get $roots "ca-bundle.crt") -}}
{{- fail "the ConfigMap linkerd-identity-trust-roots has no ca-bundle.crt: add it, or delete it and the Secret linkerd-identity-issuer to have both made anew" -}}
{{- end -}}
{{- $_ := set $certificates "anchors" (get $roots "ca-bundle.crt" | trim) -}}
{{- $_ := set $certificates "issuerCertificate" (get $secret "crt.pem" | b64dec | trim) -}}
{{- $_ := set $certificates "issuerKey" (get $secret "key.pem" | b64dec | trim) -}}
{{- end -}}

{{- /* Refuse combinations with which no proxy could be certified. */ -}}
{{- define "mesh.certificates.checkIdentity" -}}
{{- $issuer := .Values.identity.issuer -}}
{{- $given := and $issuer.tls.crtPEM $issuer.tls.keyPEM -}}
{{- $any := or $issuer.tls.crtPEM $issuer.tls.keyPEM -}}
{{- $anchors := or .Values.identityTrustAnchorsPEM .Values.identity.externalCA -}}
{{- if and .Values.identityTrustAnchorsPEM .Values.identity.externalCA -}}
{{- fail "identityTrustAnchorsPEM and identity.externalCA exclude each other: the roots come from the values or from the ConfigMap linkerd-identity-trust-roots that somebody else keeps" -}}
{{- else if eq $issuer.scheme "kubernetes.io/tls" -}}
{{- if $any -}}
{{- fail "identity.issuer.scheme=kubernetes.io/tls means that somebody else keeps the Secret linkerd-identity-issuer: remove identity.issuer.tls, or set the scheme to linkerd.io/tls" -}}
{{- else if not $anchors -}}
{{- fail "identity.issuer.scheme=kubernetes.io/tls needs the roots that signed the issuer: --set-file identityTrustAnchorsPEM=ca.crt, or identity.externalCA=true if somebody else keeps the ConfigMap linkerd-identity-trust-roots" -}}
{{- end -}}
{{- else if and $any (not $given) -}}
{{- fail "identity.issuer.tls needs both crtPEM and keyPEM: --set-file identity.issuer.tls.crtPEM=issuer.crt,identity.issuer.tls.keyPEM=issuer.key" -}}
{{- else if and $given (not $anchors) -}}
{{- fail "an issuer needs the roots that signed it: --set-file identityTrustAnchorsPEM=ca.crt, or identity.externalCA=true if somebody else keeps the ConfigMap linkerd-identity-trust-roots" -}}
{{- else if and $anchors (not $given) -}}
{{- fail "roots need an issuer that they signed: --set-file identity.issuer.tls.crtPEM=issuer.crt,identity.issuer.tls.keyPEM=issuer.key, or identity.issuer.scheme=kubernetes.io/tls if somebody else keeps the Secret linkerd-identity-issuer" -}}
{{- end -}}
{{- end -}}

{{- define "mesh.certificates.webhook" -}}
{{- include "mesh.certificates.checkWebhook" . -}}
{{- $certificates := .certificates -}}
{{- $own := .Values.proxyInjector -}}
{{- $_ := set $certificates "webhookCertificate" (trim $own.crtPEM) -}}
{{- $_ := set $certificates "webhookKey" (trim $own.keyPEM) -}}
{{- $_ := set $certificates "webhookBundle" (trim ($own.caBundle | default $own.crtPEM)) -}}
{{- if eq (include "mesh.generatesWebhook" .) "helm" -}}
{{- $secret := lookup "v1" "Secret" .Release.Namespace "linkerd-proxy-injector-k8s-tls" -}}
{{- if $secret -}}
{{- $data := $secret.data | default dict -}}
{{- $_ := set $certificates "webhookCertificate" (get $data "tls.crt" | b64dec | trim) -}}
{{- $_ := set $certificates "webhookKey" (get $data "tls.key" | b64dec | trim) -}}
{{- $_ := set $certificates "webhookBundle" (get $data "ca.crt" | default (get $data "tls.crt") | b64dec | trim) -}}
{{- else -}}
{{- include "mesh.certificates.mustLook" (list . "the injector's webhook" "proxyInjector.crtPEM and proxyInjector.keyPEM") -}}
{{- $host := printf "linkerd-proxy-injector.%s.svc" .Release.Namespace -}}
{{- /* Nobody else trusts this authority, and its key is forgotten at once: ten years do no harm. */ -}}
{{- $root := genCAWithKey (printf "%s root" $host) 3650 (genPrivateKey "ecdsa") -}}
{{- $leaf := genSignedCertWithKey $host nil (list $host) 3650 $root (genPrivateKey "ecdsa") -}}
{{- $_ := set $certificates "webhookCertificate" (trim $leaf.Cert) -}}
{{- $_ := set $certificates "webhookKey" (trim $leaf.Key) -}}
{{- $_ := set $certificates "webhookBundle" (trim $root.Cert) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "mesh.certificates.checkWebhook" -}}
{{- $own := .Values.proxyInjector -}}
{{- $injected := or $own.injectCaFrom $own.injectCaFromSecret -}}
{{- if and $own.injectCaFrom $own.injectCaFromSecret -}}
{{- fail "proxyInjector.injectCaFrom and proxyInjector.injectCaFromSecret exclude each other" -}}
{{- else if and $injected $own.caBundle -}}
{{- fail "proxyInjector.caBundle would be overwritten by what cert-manager injects: remove it, or injectCaFrom and injectCaFromSecret" -}}
{{- else if ne (empty $own.crtPEM) (empty $own.keyPEM) -}}
{{- fail "proxyInjector needs both crtPEM and keyPEM: --set-file proxyInjector.crtPEM=webhook.crt,proxyInjector.keyPEM=webhook.key" -}}
{{- else if and $own.externalSecret $own.crtPEM -}}
{{- fail "proxyInjector.externalSecret means that somebody else keeps the Secret linkerd-proxy-injector-k8s-tls: remove proxyInjector.crtPEM and keyPEM" -}}
{{- else if and $own.externalSecret (not (or $injected $own.caBundle)) -}}
{{- fail "proxyInjector.externalSecret needs what the API server shall trust: one of proxyInjector.caBundle, injectCaFrom and injectCaFromSecret" -}}
{{- else if and (or $injected $own.caBundle) (not (or $own.externalSecret $own.crtPEM)) -}}
{{- fail "proxyInjector.caBundle, injectCaFrom and injectCaFromSecret belong to a certificate of your own: give proxyInjector.crtPEM and keyPEM, or set proxyInjector.externalSecret=true" -}}
{{- end -}}
{{- end -}}

{{- /*
Refuse to make certificates without knowing that there are none: each rendering would bring new
ones. Every cluster has the namespace kube-system. Takes the root, whose certificates, which values.
*/ -}}
{{- define "mesh.certificates.mustLook" -}}
{{- if not (lookup "v1" "Namespace" "" "kube-system") -}}
{{- fail (printf "the certificates of %s are not given and the cluster cannot be asked whether it has any, as with `helm template`, --dry-run=client and most GitOps tools: new ones with each rendering would cut off every proxy. Set identity.generate=job to have a Job in the cluster make them once, or give %s; for a look at the result use --dry-run=server" (index . 1) (index . 2)) -}}
{{- end -}}
{{- end -}}

{{- /*
Refuse to hand over to the Job what belongs to this release: Helm would delete it, and the Job would
then make new ones. Takes the root, the kind and the name.
*/ -}}
{{- define "mesh.certificates.mustNotDelete" -}}
{{- $root := index . 0 -}}
{{- $object := lookup "v1" (index . 1) $root.Release.Namespace (index . 2) | default dict -}}
{{- $owner := dig "metadata" "annotations" "meta.helm.sh/release-name" "" $object -}}
{{- if eq $owner $root.Release.Name -}}
{{- fail (printf "identity.generate=job would have Helm delete the %s %s, which it made: keep identity.generate=helm, or take the object out of Helm's hands first: kubectl -n %s annotate %s %s helm.sh/resource-policy=keep meta.helm.sh/release-name-" (index . 1) (index . 2) $root.Release.Namespace (lower (index . 1)) (index . 2)) -}}
{{- end -}}
{{- end -}}

{{- /* Who makes a certificate: "helm", "job", or "" for nobody, because it is given or external. */ -}}
{{- define "mesh.generatesIdentity" -}}
{{- $issuer := .Values.identity.issuer -}}
{{- if not (or .Values.identityTrustAnchorsPEM .Values.identity.externalCA $issuer.tls.crtPEM) -}}
{{- .Values.identity.generate -}}
{{- end -}}
{{- end -}}

{{- define "mesh.generatesWebhook" -}}
{{- if not (or .Values.proxyInjector.externalSecret .Values.proxyInjector.crtPEM) -}}
{{- .Values.identity.generate -}}
{{- end -}}
{{- end -}}
