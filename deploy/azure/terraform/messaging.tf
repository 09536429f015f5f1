# Events of Genesys come by Service Bus; rows go to Event Hubs by the protocol of Kafka. Premium, for private endpoints,
# own keys and, at Event Hubs, transactions.

resource "azurerm_servicebus_namespace" "main" {
  name                          = "${var.name}-events"
  resource_group_name           = azurerm_resource_group.main.name
  location                      = var.location
  sku                           = "Premium"
  capacity                      = 1
  premium_messaging_partitions  = 1
  local_auth_enabled            = false
  public_network_access_enabled = false
  minimum_tls_version           = "1.2"
  tags                          = var.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.encryption.id]
  }
  customer_managed_key {
    key_vault_key_id                  = azurerm_key_vault_key.data.id
    identity_id                       = azurerm_user_assigned_identity.encryption.id
    infrastructure_encryption_enabled = true
  }
  depends_on = [azurerm_role_assignment.encryption_key]
}

resource "azurerm_servicebus_queue" "events" {
  name                                 = "genesys-events"
  namespace_id                         = azurerm_servicebus_namespace.main.id
  max_delivery_count                   = 10
  dead_lettering_on_message_expiration = true
}

resource "azurerm_eventhub_namespace" "main" {
  name                          = "${var.name}-rows"
  resource_group_name           = azurerm_resource_group.main.name
  location                      = var.location
  sku                           = "Premium"
  capacity                      = 1
  local_authentication_enabled  = false
  public_network_access_enabled = false
  minimum_tls_version           = "1.2"
  tags                          = var.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.encryption.id]
  }
}

resource "azurerm_eventhub_namespace_customer_managed_key" "main" {
  eventhub_namespace_id             = azurerm_eventhub_namespace.main.id
  key_vault_key_ids                 = [azurerm_key_vault_key.data.id]
  user_assigned_identity_id         = azurerm_user_assigned_identity.encryption.id
  infrastructure_encryption_enabled = true
  depends_on                        = [azurerm_role_assignment.encryption_key]
}

resource "azurerm_eventhub" "rows" {
  for_each        = local.topics
  name            = each.value
  namespace_id    = azurerm_eventhub_namespace.main.id
  partition_count = 8

  retention_description {
    cleanup_policy          = "Delete"
    retention_time_in_hours = 168
  }
}

resource "azurerm_eventhub" "progress" {
  name            = var.progress_topic
  namespace_id    = azurerm_eventhub_namespace.main.id
  partition_count = 1

  # The last record of each key stays.
  retention_description {
    cleanup_policy                    = "Compact"
    tombstone_retention_time_in_hours = 168
  }
}
