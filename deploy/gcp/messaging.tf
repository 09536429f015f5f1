resource "google_managed_kafka_cluster" "main" {
  cluster_id = var.name
  location   = var.region
  labels     = var.labels

  capacity_config {
    vcpu_count   = var.kafka_vcpus
    memory_bytes = var.kafka_memory_bytes
  }
  gcp_config {
    kms_key = google_kms_crypto_key.data.id
    access_config {
      network_configs {
        subnet = google_compute_subnetwork.nodes.id
      }
    }
  }
  rebalance_config {
    mode = "AUTO_REBALANCE_ON_SCALE_UP"
  }
  depends_on = [google_kms_crypto_key_iam_member.agents]
}
