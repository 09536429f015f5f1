# What the values of the Helm chart and the configuration of Streamvane need.

output "workload_client_id" {
  description = "serviceAccount.workloadIdentity.azure.clientId of the chart."
  value       = azurerm_user_assigned_identity.workload.client_id
}

output "tenant_id" {
  description = "serviceAccount.workloadIdentity.azure.tenantId of the chart."
  value       = data.azurerm_client_config.current.tenant_id
}

output "brokers" {
  description = "egress.kafka.brokers, with preset event-hubs and sasl mechanism entra-id."
  value       = ["${azurerm_eventhub_namespace.main.name}.servicebus.windows.net:9093"]
}

output "service_bus_host" {
  description = "Host of the source service-bus."
  value       = "${azurerm_servicebus_namespace.main.name}.servicebus.windows.net"
}

output "vault_uri" {
  description = "Where secrets lie that the configuration refers to."
  value       = azurerm_key_vault.main.vault_uri
}

output "app_configuration_endpoint" {
  description = "App Configuration of the environment."
  value       = azurerm_app_configuration.main.endpoint
}

output "blob_endpoint" {
  description = "Account of the sink azure-blob."
  value       = azurerm_storage_account.main.primary_blob_endpoint
}

output "application_insights_connection_string" {
  description = "telemetry.applicationInsights.connectionString; put it into the vault."
  value       = azurerm_application_insights.main.connection_string
  sensitive   = true
}
