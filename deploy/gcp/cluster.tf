# Autopilot: nodes are Google's business; the chart asks for what its pods need.

resource "google_service_account" "nodes" {
  account_id   = "${var.name}-nodes"
  display_name = "Nodes of ${var.name}"
}

resource "google_project_iam_member" "nodes" {
  project = var.project
  role    = "roles/container.defaultNodeServiceAccount"
  member  = "serviceAccount:${google_service_account.nodes.email}"
}

resource "google_container_cluster" "main" {
  # checkov:skip=CKV_GCP_12: Autopilot has Dataplane V2, which enforces network policies
  # checkov:skip=CKV_GCP_61: Autopilot has intranode visibility; the subnet has flow logs
  # checkov:skip=CKV_GCP_69: Autopilot has the metadata server of GKE
  # checkov:skip=CKV_GCP_21: labels are what var.labels says
  name                = var.name
  location            = var.region
  enable_autopilot    = true
  deletion_protection = true
  network             = google_compute_network.main.id
  subnetwork          = google_compute_subnetwork.nodes.id
  resource_labels     = var.labels

  ip_allocation_policy {
    cluster_secondary_range_name  = "pods"
    services_secondary_range_name = "services"
  }
  private_cluster_config {
    enable_private_nodes    = true
    enable_private_endpoint = true
    master_ipv4_cidr_block  = var.control_range
  }
  master_authorized_networks_config {
    cidr_blocks {
      cidr_block   = var.administrators_range
      display_name = "administrators"
    }
  }
  master_auth {
    client_certificate_config {
      issue_client_certificate = false
    }
  }
  authenticator_groups_config {
    security_group = var.security_group
  }
  database_encryption {
    state    = "ENCRYPTED"
    key_name = google_kms_crypto_key.data.id
  }
  binary_authorization {
    evaluation_mode = "PROJECT_SINGLETON_POLICY_ENFORCE"
  }
  cluster_autoscaling {
    auto_provisioning_defaults {
      service_account   = google_service_account.nodes.email
      oauth_scopes      = ["https://www.googleapis.com/auth/cloud-platform"]
      boot_disk_kms_key = google_kms_crypto_key.data.id
    }
  }
  release_channel {
    channel = "REGULAR"
  }
  depends_on = [google_kms_crypto_key_iam_member.agents]
}
