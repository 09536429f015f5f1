# Rows as Parquet objects by the S3 interface of Cloud Storage, and backups of the log.

resource "google_storage_bucket" "data" {
  # checkov:skip=CKV_GCP_62: reads and writes are in the audit log of data access, where the project has it
  name                        = "${var.project}-${var.name}-data"
  location                    = var.region
  uniform_bucket_level_access = true
  public_access_prevention    = "enforced"
  labels                      = var.labels

  encryption {
    default_kms_key_name = google_kms_crypto_key.data.id
  }
  versioning {
    enabled = true
  }
  lifecycle_rule {
    action {
      type = "Delete"
    }
    condition {
      days_since_noncurrent_time = 30
    }
  }
  depends_on = [google_kms_crypto_key_iam_member.agents]
}
