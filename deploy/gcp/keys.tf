# One key for all data at rest; the agents of the services may use it.

resource "google_kms_key_ring" "main" {
  name       = var.name
  location   = var.region
  depends_on = [google_project_service.main]
}

resource "google_kms_crypto_key" "data" {
  name            = "data"
  key_ring        = google_kms_key_ring.main.id
  rotation_period = "7776000s"
  labels          = var.labels

  lifecycle {
    prevent_destroy = true
  }
}

data "google_storage_project_service_account" "main" {}

locals {
  # The agents of Managed Kafka and Secret Manager come into being by `gcloud beta services identity create`.
  agents = merge(
    { storage = "serviceAccount:${data.google_storage_project_service_account.main.email_address}" },
    {
      for name, domain in {
        kafka     = "gcp-sa-managedkafka"
        secrets   = "gcp-sa-secretmanager"
        container = "container-engine-robot"
        compute   = "compute-system"
      } : name => "serviceAccount:service-${data.google_project.main.number}@${domain}.iam.gserviceaccount.com"
    },
  )
}

resource "google_kms_crypto_key_iam_member" "agents" {
  for_each      = local.agents
  crypto_key_id = google_kms_crypto_key.data.id
  role          = "roles/cloudkms.cryptoKeyEncrypterDecrypter"
  member        = each.value
}

# Values are put in by the operator; Terraform's state never holds them.
resource "google_secret_manager_secret" "main" {
  for_each  = toset(["ingress-token", "eventstoredb-password"])
  secret_id = "${var.name}-${each.value}"
  labels    = var.labels

  replication {
    user_managed {
      replicas {
        location = var.region
        customer_managed_encryption {
          kms_key_name = google_kms_crypto_key.data.id
        }
      }
    }
  }
  depends_on = [google_kms_crypto_key_iam_member.agents]
}
