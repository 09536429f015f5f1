# AKS, and not Container Apps: the embedded log needs a block volume, which Container Apps do not have.

resource "azurerm_user_assigned_identity" "cluster" {
  name                = "${var.name}-cluster"
  resource_group_name = azurerm_resource_group.main.name
  location            = var.location
  tags                = var.tags
}

resource "azurerm_role_assignment" "cluster_network" {
  scope                = azurerm_subnet.nodes.id
  role_definition_name = "Network Contributor"
  principal_id         = azurerm_user_assigned_identity.cluster.principal_id
}

resource "azurerm_disk_encryption_set" "main" {
  name                      = var.name
  resource_group_name       = azurerm_resource_group.main.name
  location                  = var.location
  key_vault_key_id          = azurerm_key_vault_key.data.versionless_id
  auto_key_rotation_enabled = true
  encryption_type           = "EncryptionAtRestWithPlatformAndCustomerKeys"
  tags                      = var.tags

  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.encryption.id]
  }
  depends_on = [azurerm_role_assignment.encryption_key]
}

resource "azurerm_role_assignment" "cluster_disks" {
  scope                = azurerm_disk_encryption_set.main.id
  role_definition_name = "Reader"
  principal_id         = azurerm_user_assigned_identity.cluster.principal_id
}

resource "azurerm_kubernetes_cluster" "main" {
  name                                = var.name
  resource_group_name                 = azurerm_resource_group.main.name
  location                            = var.location
  dns_prefix                          = var.name
  sku_tier                            = "Standard"
  private_cluster_enabled             = true
  private_cluster_public_fqdn_enabled = false
  local_account_disabled              = true
  oidc_issuer_enabled                 = true
  workload_identity_enabled           = true
  azure_policy_enabled                = true
  automatic_upgrade_channel           = "patch"
  node_os_upgrade_channel             = "NodeImage"
  disk_encryption_set_id              = azurerm_disk_encryption_set.main.id
  tags                                = var.tags

  default_node_pool {
    name                         = "system"
    vm_size                      = var.node_size
    node_count                   = var.node_count
    zones                        = ["1", "2", "3"]
    vnet_subnet_id               = azurerm_subnet.nodes.id
    host_encryption_enabled      = true
    os_disk_type                 = "Ephemeral"
    only_critical_addons_enabled = true
    max_pods                     = 50

    upgrade_settings {
      max_surge = "33%"
    }
  }
  identity {
    type         = "UserAssigned"
    identity_ids = [azurerm_user_assigned_identity.cluster.id]
  }
  azure_active_directory_role_based_access_control {
    azure_rbac_enabled     = true
    admin_group_object_ids = [var.administrators]
  }
  network_profile {
    network_plugin      = "azure"
    network_plugin_mode = "overlay"
    network_data_plane  = "cilium"
    network_policy      = "cilium"
  }
  key_vault_secrets_provider {
    secret_rotation_enabled = true
  }
  oms_agent {
    log_analytics_workspace_id      = azurerm_log_analytics_workspace.main.id
    msi_auth_for_monitoring_enabled = true
  }
  depends_on = [azurerm_role_assignment.cluster_network, azurerm_role_assignment.cluster_disks]
}

resource "azurerm_kubernetes_cluster_node_pool" "work" {
  name                    = "work"
  kubernetes_cluster_id   = azurerm_kubernetes_cluster.main.id
  vm_size                 = var.node_size
  node_count              = var.node_count
  zones                   = ["1", "2", "3"]
  vnet_subnet_id          = azurerm_subnet.nodes.id
  host_encryption_enabled = true
  os_disk_type            = "Ephemeral"
  max_pods                = 50
  tags                    = var.tags

  upgrade_settings {
    max_surge = "33%"
  }
}
