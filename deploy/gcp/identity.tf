# The service account of the pods, and what it may do: nothing but what stands here.

resource "google_service_account" "workload" {
  account_id   = "${var.name}-workload"
  display_name = "Streamvane"
}

resource "google_service_account_iam_member" "workload_kubernetes" {
  service_account_id = google_service_account.workload.name
  role               = "roles/iam.workloadIdentityUser"
  member             = "serviceAccount:${var.project}.svc.id.goog[${var.namespace}/streamvane]"
  depends_on         = [google_container_cluster.main]
}

# Managed Kafka knows the right to connect for the project only; topics are limited by ACLs of Kafka.
resource "google_project_iam_member" "workload_rows" {
  project = var.project
  role    = "roles/managedkafka.client"
  member  = "serviceAccount:${google_service_account.workload.email}"

  condition {
    title      = "one-cluster"
    expression = "resource.name.startsWith('${google_managed_kafka_cluster.main.name}')"
  }
}

resource "google_secret_manager_secret_iam_member" "workload_secrets" {
  for_each  = google_secret_manager_secret.main
  secret_id = each.value.id
  role      = "roles/secretmanager.secretAccessor"
  member    = "serviceAccount:${google_service_account.workload.email}"
}

resource "google_storage_bucket_iam_member" "workload_objects" {
  bucket = google_storage_bucket.data.name
  role   = "roles/storage.objectUser"
  member = "serviceAccount:${google_service_account.workload.email}"
}
