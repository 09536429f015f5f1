# What the values of the Helm chart and the configuration of Streamvane need.

output "workload_service_account" {
  description = "serviceAccount.workloadIdentity.gcp.serviceAccount of the chart."
  value       = google_service_account.workload.email
}

output "brokers" {
  description = "egress.kafka.brokers."
  value       = ["bootstrap.${google_managed_kafka_cluster.main.cluster_id}.${var.region}.managedkafka.${var.project}.cloud.goog:9092"]
}

output "bucket" {
  description = "Bucket of the sink s3, by the S3 interface of Cloud Storage."
  value       = google_storage_bucket.data.name
}

output "secrets" {
  description = "Secrets whose values the operator puts in."
  value       = [for secret in google_secret_manager_secret.main : secret.secret_id]
}
