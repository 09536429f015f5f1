resource "google_monitoring_notification_channel" "operators" {
  display_name = "Operators of ${var.name}"
  type         = "email"
  labels       = { email_address = var.alert_email }
}

# Of the platform. Alerts on Streamvane's own metrics are deploy/prometheus.
resource "google_monitoring_alert_policy" "restarts" {
  display_name          = "${var.name}: a container starts again and again"
  combiner              = "OR"
  notification_channels = [google_monitoring_notification_channel.operators.id]

  conditions {
    display_name = "more than 3 restarts in 10 minutes"
    condition_threshold {
      filter          = "resource.type = \"k8s_container\" AND resource.labels.namespace_name = \"${var.namespace}\" AND metric.type = \"kubernetes.io/container/restart_count\""
      comparison      = "COMPARISON_GT"
      threshold_value = 3
      duration        = "0s"
      aggregations {
        alignment_period   = "600s"
        per_series_aligner = "ALIGN_DELTA"
      }
    }
  }
}
