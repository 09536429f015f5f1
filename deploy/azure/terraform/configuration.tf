# App Configuration: settings of environments, read by the workload, written by the pipeline.

resource "azurerm_app_configuration" "main" {
  name                       = "${var.name}-settings"
  resource_group_name        = azurerm_resource_group.main.name
  location                   = var.location
  sku                        = "standard"
  local_auth_enabled         = false
  public_network_access      = "Disabled"
  purge_protection_enabled   = true
  soft_delete_retention_days = 7
  tags                       = var.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.encryption.id]
  }
  encryption {
    key_vault_key_identifier = azurerm_key_vault_key.data.id
    identity_client_id       = azurerm_user_assigned_identity.encryption.client_id
  }
  depends_on = [azurerm_role_assignment.encryption_key]
}
