# What a Streamvane on Google Cloud needs. The list of resources and roles, and why, is deploy/requirements.yaml.

terraform {
  required_version = ">= 1.9"
  required_providers {
    google = {
      source  = "hashicorp/google"
      version = "~> 6.50"
    }
  }
}

provider "google" {
  project = var.project
  region  = var.region
}

data "google_project" "main" {}

resource "google_project_service" "main" {
  for_each           = toset(["cloudkms", "container", "managedkafka", "monitoring", "secretmanager", "storage"])
  service            = "${each.value}.googleapis.com"
  disable_on_destroy = false
}
