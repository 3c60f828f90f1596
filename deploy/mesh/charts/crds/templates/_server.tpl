{{- /*
The schema of a Server. Takes `externalWorkloads` and `accessPolicy`: whether the version has them.
An API server stores what a version does not name only until that version is written, so the newest
one is the stored one and the older ones are its subsets.
*/ -}}
{{- define "crds.server.schema" -}}
openAPIV3Schema:
  description: A port of pods or external workloads, the protocol it speaks and who may connect.
  type: object
  required: [spec]
  properties:
    apiVersion:
      type: string
    kind:
      type: string
    metadata:
      type: object
    spec:
      type: object
      {{- if .externalWorkloads }}
      required: [port]
      oneOf:
        - required: [podSelector]
        - required: [externalWorkloadSelector]
      {{- else }}
      required: [podSelector, port]
      {{- end }}
      properties:
        {{- if .accessPolicy }}
        accessPolicy:
          description: What holds where no authorization matches.
          type: string
          default: deny
          enum:
            - all-unauthenticated
            - all-authenticated
            - cluster-unauthenticated
            - cluster-authenticated
            - deny
            - audit
        {{- end }}
        {{- if .externalWorkloads }}
        externalWorkloadSelector:
          description: The external workloads of this namespace whose port this is.
          {{- include "crds.labelSelector" . | nindent 10 }}
        {{- end }}
        podSelector:
          description: The pods of this namespace whose port this is.
          {{- include "crds.labelSelector" . | nindent 10 }}
        port:
          description: The port's number, or its name in the pod's containers.
          x-kubernetes-int-or-string: true
          minimum: 1
          maximum: 65535
          minLength: 1
        proxyProtocol:
          description: What the port speaks; `unknown` lets the proxy find out.
          type: string
          default: unknown
          enum: [unknown, HTTP/1, HTTP/2, gRPC, opaque, TLS]
{{- end -}}

{{- /* A label selector as apimachinery defines it. */ -}}
{{- define "crds.labelSelector" -}}
type: object
properties:
  matchLabels:
    type: object
    additionalProperties:
      type: string
  matchExpressions:
    type: array
    items:
      type: object
      required: [key, operator]
      properties:
        key:
          type: string
        operator:
          type: string
          enum: [In, NotIn, Exists, DoesNotExist]
        values:
          type: array
          items:
            type: string
{{- end -}}

{{- /* Columns of `kubectl get servers`; takes whether the version has `accessPolicy`. */ -}}
{{- define "crds.server.columns" -}}
additionalPrinterColumns:
  - name: Port
    description: The port's number or name
    type: string
    jsonPath: .spec.port
  - name: Protocol
    description: What the port speaks
    type: string
    jsonPath: .spec.proxyProtocol
  {{- if .accessPolicy }}
  - name: Access Policy
    description: What holds where no authorization matches
    type: string
    jsonPath: .spec.accessPolicy
  {{- end }}
{{- end -}}
