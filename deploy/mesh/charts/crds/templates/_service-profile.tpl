{{- /*
The schema of a ServiceProfile. Conditions contain conditions, to any depth, which a definition's
schema cannot say; below the first level they are kept as they are and judged by the control plane.
*/ -}}
{{- define "crds.serviceProfile.schema" -}}
openAPIV3Schema:
  description: Routes, retries, timeouts and traffic splits of one Service, whose full name it bears.
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
      properties:
        dstOverrides:
          description: Where the Service's traffic goes instead, by weight.
          type: array
          items:
            type: object
            required: [authority, weight]
            properties:
              authority:
                description: A Service's full name and its port.
                type: string
              weight:
                description: The share among all weights; a number or a quantity such as 500m.
                x-kubernetes-int-or-string: true
                minimum: 0
                pattern: ^[0-9]+(\.[0-9]+)?(m|k|M)?$
        opaquePorts:
          description: Ports that carry no protocol to look for.
          type: array
          items:
            type: string
        retryBudget:
          description: How many retries there may be beside the first attempts.
          type: object
          required: [minRetriesPerSecond, retryRatio, ttl]
          properties:
            minRetriesPerSecond:
              description: Retries that are always allowed, each second.
              type: integer
              minimum: 0
            retryRatio:
              description: Retries for each first attempt; 0.2 adds at most a fifth.
              type: number
              minimum: 0
            ttl:
              description: For how long a first attempt counts, such as 10s.
              type: string
        routes:
          description: The Service's routes; the first whose condition holds is a request's.
          type: array
          items:
            type: object
            required: [name, condition]
            properties:
              name:
                description: What metrics call the route.
                type: string
              condition:
                {{- include "crds.serviceProfile.requestCondition" . | nindent 16 }}
              isRetryable:
                description: Whether a request that failed may be sent again.
                type: boolean
              timeout:
                description: How long a request may take with all its retries, such as 300ms.
                type: string
              responseClasses:
                description: Which responses are failures; without any, those with a 5xx status.
                type: array
                items:
                  type: object
                  required: [condition]
                  properties:
                    condition:
                      {{- include "crds.serviceProfile.responseCondition" . | nindent 22 }}
                    isFailure:
                      type: boolean
{{- end -}}

{{- /* What requests have in common. */ -}}
{{- define "crds.serviceProfile.requestCondition" -}}
type: object
minProperties: 1
properties:
  method:
    type: string
  pathRegex:
    type: string
  all:
    {{- include "crds.serviceProfile.conditions" . | nindent 4 }}
  any:
    {{- include "crds.serviceProfile.conditions" . | nindent 4 }}
  not:
    {{- include "crds.serviceProfile.condition" . | nindent 4 }}
{{- end -}}

{{- /* What responses have in common. */ -}}
{{- define "crds.serviceProfile.responseCondition" -}}
type: object
minProperties: 1
properties:
  status:
    description: A range of status codes; one bound alone means just that code.
    type: object
    minProperties: 1
    properties:
      min:
        type: integer
        minimum: 100
        maximum: 599
      max:
        type: integer
        minimum: 100
        maximum: 599
  all:
    {{- include "crds.serviceProfile.conditions" . | nindent 4 }}
  any:
    {{- include "crds.serviceProfile.conditions" . | nindent 4 }}
  not:
    {{- include "crds.serviceProfile.condition" . | nindent 4 }}
{{- end -}}

{{- define "crds.serviceProfile.conditions" -}}
type: array
items:
  {{- include "crds.serviceProfile.condition" . | nindent 2 }}
{{- end -}}

{{- define "crds.serviceProfile.condition" -}}
type: object
x-kubernetes-preserve-unknown-fields: true
{{- end -}}
