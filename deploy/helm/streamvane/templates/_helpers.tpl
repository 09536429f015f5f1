{{- define "streamvane.name" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 48 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 48 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "streamvane.selector" -}}
app.kubernetes.io/name: streamvane
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "streamvane.labels" -}}
{{ include "streamvane.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version }}
{{- end -}}

{{- define "streamvane.serviceAccount" -}}
{{- .Values.serviceAccount.name | default (.Values.serviceAccount.create | ternary (include "streamvane.name" .) "default") -}}
{{- end -}}

{{- define "streamvane.image" -}}
{{- with .Values.image -}}
{{- if .digest -}}{{ .repository }}@{{ .digest }}{{- else -}}{{ .repository }}:{{ .tag | default $.Chart.AppVersion }}{{- end -}}
{{- end -}}
{{- end -}}

{{- define "streamvane.checked" -}}
{{- $log := dig "log" "kind" "embedded" .Values.config -}}
{{- if and (eq .Values.mode "stages") (ne $log "eventstoredb") -}}
{{- fail "mode stages needs config.log.kind: eventstoredb: the embedded log has one writer" -}}
{{- end -}}
{{- if and (eq .Values.mode "single") (ne $log "embedded") -}}
{{- fail "mode single keeps the embedded log in its volume: leave config.log.kind out, or set mode: stages" -}}
{{- end -}}
{{- if hasKey .Values.config "data" -}}
{{- fail "config.data is set by the chart: the volume is mounted at /data" -}}
{{- end -}}
{{- range $key := list "host" "port" -}}
{{- if hasKey (dig "health" dict $.Values.config) $key -}}
{{- fail "config.health.host and port are set by the image: the probes ask port 8081" -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* How an endpoint is spoken to: its own tls, else that of all; false is plain HTTP. */}}
{{- define "streamvane.scheme" -}}
{{- $own := dig .endpoint "tls" (dig "tls" false .config) .config -}}
{{- ternary "HTTPS" "HTTP" (kindIs "map" $own) -}}
{{- end -}}

{{/* The workloads of a release: name, stages (none: all of them in one process), replicas, volume, resources. */}}
{{- define "streamvane.workloads" -}}
{{- include "streamvane.checked" . -}}
{{- if eq .Values.mode "single" }}
- { component: all, only: "", kind: StatefulSet, replicas: 1, ready: /readyz/ingress, takesEvents: true, values: {{ toJson .Values.single }} }
{{- else }}
{{- with .Values.stages }}
- { component: ingress, only: ingress, kind: Deployment, replicas: {{ .ingress.replicas }}, ready: /readyz, takesEvents: true, values: {{ toJson .ingress }} }
{{- if .shards.enabled }}
- { component: points, only: points, kind: StatefulSet, replicas: {{ .shards.points.replicas }}, ready: /readyz, values: {{ toJson .shards.points }} }
- { component: merge, only: merge, kind: StatefulSet, replicas: 1, ready: /readyz, values: {{ toJson .shards.merge }} }
{{- else }}
- { component: projector, only: projector, kind: StatefulSet, replicas: 1, ready: /readyz, values: {{ toJson .projector }} }
{{- end }}
- { component: egress, only: egress, kind: Deployment, replicas: 1, ready: /readyz, values: {{ toJson .egress }} }
{{- end }}
{{- end }}
{{- end -}}
