{{- /* Refuse a private key where everybody can read it: in ConfigMaps, and in every pod. */ -}}
{{- define "mesh.certificates.checkPublic" -}}
{{- $public := dict
  "identityTrustAnchorsPEM" .Values.identityTrustAnchorsPEM
  "identity.issuer.tls.crtPEM" .Values.identity.issuer.tls.crtPEM
  "proxyInjector.crtPEM" .Values.proxyInjector.crtPEM
  "proxyInjector.caBundle" .Values.proxyInjector.caBundle
-}}
{{- range $name, $pem := $public -}}
{{- if contains "PRIVATE KEY" $pem -}}
{{- fail (printf "%s holds a private key, which everybody in the cluster could read then: give the certificates alone" $name) -}}
{{- end -}}
{{- end -}}
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

{{- /* Refuse combinations with which the API server could not call the injector. */ -}}
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
