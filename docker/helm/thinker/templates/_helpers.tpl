{{- define "thinker.name" -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}

{{- define "thinker.selector" -}}
app.kubernetes.io/name: thinker
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "thinker.labels" -}}
{{ include "thinker.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "thinker.image" -}}
{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}
{{- end -}}

{{/* Seconds until Kubernetes kills a pod: the grace of the service, 15 s in which it writes states, and those of preStop. */}}
{{- define "thinker.terminationGrace" -}}
{{ add (int (.Values.settings.SHUTDOWN_GRACE_S | default "20")) 25 }}
{{- end -}}

{{/* Environment of a role. Arguments: root, role, settings. */}}
{{- define "thinker.env" -}}
- name: ROLE
  value: {{ .role }}
- name: HOST
  value: 0.0.0.0
- name: PORT
  value: '8000'
- name: DATA_DIR
  value: /data
- name: HF_HOME
  value: /models
{{- range $name, $value := mergeOverwrite (deepCopy .root.Values.settings) .settings }}
- name: {{ $name }}
  value: {{ $value | quote }}
{{- end }}
{{- $secret := .root.Values.secret }}
{{- range $secret.required }}
- name: {{ . }}
  valueFrom:
    secretKeyRef: { name: {{ $secret.name }}, key: {{ . }} }
{{- end }}
{{- range $secret.optional }}
- name: {{ . }}
  valueFrom:
    secretKeyRef: { name: {{ $secret.name }}, key: {{ . }}, optional: true }
{{- end }}
{{- end -}}

{{/* What the pods of both roles have in common, as fields of a pod's spec. Arguments: root, values of the role. */}}
{{- define "thinker.pod" -}}
automountServiceAccountToken: false
enableServiceLinks: false
serviceAccountName: {{ include "thinker.name" .root }}
{{- with .root.Values.image.pullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
terminationGracePeriodSeconds: {{ include "thinker.terminationGrace" .root }}
securityContext:
  {{- toYaml .root.Values.podSecurityContext | nindent 2 }}
{{- with .values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .values.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
volumes:
  - name: data
    {{- include "thinker.volume" (dict "root" .root "name" "data") | nindent 4 }}
  - name: models
    {{- include "thinker.volume" (dict "root" .root "name" "models") | nindent 4 }}
  - name: tmp
    emptyDir: {}
{{- end -}}

{{/* Source of a volume: a claim of its own or one that exists, else a folder that ends with the pod. */}}
{{- define "thinker.volume" -}}
{{- $persistence := index .root.Values.persistence .name -}}
{{- if $persistence.enabled -}}
persistentVolumeClaim:
  claimName: {{ $persistence.existingClaim | default (printf "%s-%s" (include "thinker.name" .root) .name) }}
{{- else -}}
emptyDir: {}
{{- end -}}
{{- end -}}

{{/*
The container of a role. All probes ask /healthz, which answers once the base model is loaded. /readyz is not asked: it tells
whether the whole service computes, so that an API would be taken away from clients that only poll while a worker restarts.
Arguments: root, role, values.
*/}}
{{- define "thinker.container" -}}
name: {{ .role }}
image: {{ include "thinker.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy }}
securityContext:
  {{- toYaml .root.Values.securityContext | nindent 2 }}
env:
  {{- include "thinker.env" (dict "root" .root "role" .role "settings" .values.settings) | nindent 2 }}
ports:
  - name: http
    containerPort: 8000
startupProbe:
  httpGet: { path: /healthz, port: http }
  periodSeconds: 5
  timeoutSeconds: 5
  failureThreshold: {{ div .root.Values.startupSeconds 5 }}
livenessProbe:
  httpGet: { path: /healthz, port: http }
  periodSeconds: 10
  timeoutSeconds: 10
  failureThreshold: 6
readinessProbe:
  httpGet: { path: /healthz, port: http }
  periodSeconds: 5
  timeoutSeconds: 5
resources:
  {{- toYaml .values.resources | nindent 2 }}
volumeMounts:
  - { name: data, mountPath: /data }
  - { name: models, mountPath: /models }
  - { name: tmp, mountPath: /tmp }
{{- end -}}
