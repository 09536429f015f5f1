resource "google_compute_network" "main" {
  name                    = var.name
  auto_create_subnetworks = false
}

# Google's services are reached by private addresses.
resource "google_compute_subnetwork" "nodes" {
  name                       = "${var.name}-nodes"
  network                    = google_compute_network.main.id
  region                     = var.region
  ip_cidr_range              = var.address_range
  private_ip_google_access   = true
  private_ipv6_google_access = "DISABLE_GOOGLE_ACCESS"

  secondary_ip_range {
    range_name    = "pods"
    ip_cidr_range = var.pod_range
  }
  secondary_ip_range {
    range_name    = "services"
    ip_cidr_range = var.service_range
  }
  log_config {
    aggregation_interval = "INTERVAL_5_SEC"
    flow_sampling        = 0.5
    metadata             = "INCLUDE_ALL_METADATA"
  }
}

# What no rule of GKE allows is denied, and logged.
resource "google_compute_firewall" "deny" {
  name      = "${var.name}-deny-ingress"
  network   = google_compute_network.main.id
  direction = "INGRESS"
  priority  = 65534

  deny {
    protocol = "all"
  }
  source_ranges = ["0.0.0.0/0"]
  log_config {
    metadata = "INCLUDE_ALL_METADATA"
  }
}
