# What a Streamvane on Azure needs. The list of resources and roles, and why, is deploy/requirements.yaml.

terraform {
  required_version = ">= 1.9"
  required_providers {
    azurerm = {
      source  = "hashicorp/azurerm"
      version = "~> 4.55"
    }
  }
}

provider "azurerm" {
  features {
    key_vault {
      purge_soft_delete_on_destroy = false
    }
  }
  storage_use_azuread = true
}

data "azurerm_client_config" "current" {}

locals {
  # Names that are global in Azure have no hyphens where Azure allows none.
  compact = replace(var.name, "-", "")
  topics  = toset(var.topics)
}

resource "azurerm_resource_group" "main" {
  name     = var.name
  location = var.location
  tags     = var.tags
}
