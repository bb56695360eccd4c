{{- define "countersign.labels" -}}
app.kubernetes.io/instance: {{ .Release.Namespace }}
app.kubernetes.io/part-of: countersign
{{- end }}

{{- define "countersign.metadata" -}}
name: {{ .name }}
namespace: {{ .root.Release.Namespace }}
labels:
  {{- include "countersign.labels" .root | nindent 2 }}
{{- end }}

{{- define "countersign.selector" -}}
app.kubernetes.io/component: {{ .component }}
app.kubernetes.io/name: {{ .root.Values.names.base }}
{{- end }}

{{- define "countersign.replicas" -}}
{{- if eq .Values.mode "server" }}1{{ else }}{{ .Values.replicas }}{{ end }}
{{- end }}

{{- define "countersign.hosts" -}}
- {{ .Values.names.service }}.{{ .Release.Namespace }}.svc
- {{ .Values.names.service }}.{{ .Release.Namespace }}.svc.cluster.local
{{- with .Values.webhook.url }}
- {{ (urlParse .).hostname | quote }}
{{- end }}
{{- end }}

{{- define "countersign.podSecurity" -}}
fsGroup: 65532
runAsGroup: 65532
runAsNonRoot: true
runAsUser: 65532
seccompProfile:
  type: RuntimeDefault
{{- end }}

{{- define "countersign.containerSecurity" -}}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
readOnlyRootFilesystem: true
{{- end }}

{{- define "countersign.placement" -}}
{{- with .Values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
