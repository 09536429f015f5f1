# Rows as Parquet objects, and backups of the log.

resource "azurerm_storage_account" "main" {
  # checkov:skip=CKV_AZURE_206: three zones of one region; a second region is a decision on where data may lie
  # checkov:skip=CKV_AZURE_33: no queues are used
  name                              = "${local.compact}data"
  resource_group_name               = azurerm_resource_group.main.name
  location                          = var.location
  account_tier                      = "Standard"
  account_replication_type          = "ZRS"
  account_kind                      = "StorageV2"
  min_tls_version                   = "TLS1_2"
  https_traffic_only_enabled        = true
  shared_access_key_enabled         = false
  allow_nested_items_to_be_public   = false
  public_network_access_enabled     = false
  default_to_oauth_authentication   = true
  infrastructure_encryption_enabled = true
  cross_tenant_replication_enabled  = false
  tags                              = var.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.encryption.id]
  }
  customer_managed_key {
    key_vault_key_id          = azurerm_key_vault_key.data.versionless_id
    user_assigned_identity_id = azurerm_user_assigned_identity.encryption.id
  }
  network_rules {
    default_action = "Deny"
    bypass         = ["AzureServices"]
  }
  blob_properties {
    versioning_enabled = true
    delete_retention_policy {
      days = 30
    }
    container_delete_retention_policy {
      days = 30
    }
  }
  sas_policy {
    expiration_period = "00.01:00:00"
  }
  depends_on = [azurerm_role_assignment.encryption_key]
}

resource "azurerm_storage_container" "data" {
  # checkov:skip=CKV2_AZURE_21: the blob service is logged by its diagnostic setting, not by Storage Analytics
  for_each              = toset(["rows", "backups"])
  name                  = each.value
  storage_account_id    = azurerm_storage_account.main.id
  container_access_type = "private"
}
