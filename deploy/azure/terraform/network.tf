# The services have no public address. Each has a private endpoint, whose name the zone of its kind resolves.

resource "azurerm_virtual_network" "main" {
  name                = var.name
  resource_group_name = azurerm_resource_group.main.name
  location            = var.location
  address_space       = [var.address_space]
  tags                = var.tags
}

resource "azurerm_subnet" "nodes" {
  name                 = "nodes"
  resource_group_name  = azurerm_resource_group.main.name
  virtual_network_name = azurerm_virtual_network.main.name
  address_prefixes     = [cidrsubnet(var.address_space, 4, 0)]
}

resource "azurerm_subnet" "endpoints" {
  name                 = "endpoints"
  resource_group_name  = azurerm_resource_group.main.name
  virtual_network_name = azurerm_virtual_network.main.name
  address_prefixes     = [cidrsubnet(var.address_space, 8, 16)]
}

resource "azurerm_network_security_group" "endpoints" {
  name                = "${var.name}-endpoints"
  resource_group_name = azurerm_resource_group.main.name
  location            = var.location
  tags                = var.tags

  security_rule {
    name                       = "nodes"
    priority                   = 100
    direction                  = "Inbound"
    access                     = "Allow"
    protocol                   = "Tcp"
    source_address_prefix      = cidrsubnet(var.address_space, 4, 0)
    source_port_range          = "*"
    destination_address_prefix = cidrsubnet(var.address_space, 8, 16)
    destination_port_ranges    = ["443", "5671", "9093"]
  }
}

resource "azurerm_subnet_network_security_group_association" "endpoints" {
  subnet_id                 = azurerm_subnet.endpoints.id
  network_security_group_id = azurerm_network_security_group.endpoints.id
}

resource "azurerm_network_security_group" "nodes" {
  name                = "${var.name}-nodes"
  resource_group_name = azurerm_resource_group.main.name
  location            = var.location
  tags                = var.tags
}

resource "azurerm_subnet_network_security_group_association" "nodes" {
  subnet_id                 = azurerm_subnet.nodes.id
  network_security_group_id = azurerm_network_security_group.nodes.id
}

locals {
  endpoints = {
    servicebus = { id = azurerm_servicebus_namespace.main.id, part = "namespace", zone = "privatelink.servicebus.windows.net" }
    eventhubs  = { id = azurerm_eventhub_namespace.main.id, part = "namespace", zone = "privatelink.servicebus.windows.net" }
    vault      = { id = azurerm_key_vault.main.id, part = "vault", zone = "privatelink.vaultcore.azure.net" }
    settings   = { id = azurerm_app_configuration.main.id, part = "configurationStores", zone = "privatelink.azconfig.io" }
    blobs      = { id = azurerm_storage_account.main.id, part = "blob", zone = "privatelink.blob.core.windows.net" }
  }
}

resource "azurerm_private_dns_zone" "main" {
  for_each            = toset([for endpoint in local.endpoints : endpoint.zone])
  name                = each.value
  resource_group_name = azurerm_resource_group.main.name
  tags                = var.tags
}

resource "azurerm_private_dns_zone_virtual_network_link" "main" {
  for_each              = azurerm_private_dns_zone.main
  name                  = var.name
  resource_group_name   = azurerm_resource_group.main.name
  private_dns_zone_name = each.value.name
  virtual_network_id    = azurerm_virtual_network.main.id
  tags                  = var.tags
}

resource "azurerm_private_endpoint" "main" {
  for_each            = local.endpoints
  name                = "${var.name}-${each.key}"
  resource_group_name = azurerm_resource_group.main.name
  location            = var.location
  subnet_id           = azurerm_subnet.endpoints.id
  tags                = var.tags

  private_service_connection {
    name                           = each.key
    private_connection_resource_id = each.value.id
    subresource_names              = [each.value.part]
    is_manual_connection           = false
  }

  private_dns_zone_group {
    name                 = each.key
    private_dns_zone_ids = [azurerm_private_dns_zone.main[each.value.zone].id]
  }
}
