resource "azurerm_log_analytics_workspace" "main" {
  name                = var.name
  resource_group_name = azurerm_resource_group.main.name
  location            = var.location
  sku                 = "PerGB2018"
  retention_in_days   = 90
  tags                = var.tags
}

resource "azurerm_application_insights" "main" {
  name                = var.name
  resource_group_name = azurerm_resource_group.main.name
  location            = var.location
  workspace_id        = azurerm_log_analytics_workspace.main.id
  application_type    = "other"
  tags                = var.tags
}

resource "azurerm_monitor_diagnostic_setting" "main" {
  for_each                   = { for name, endpoint in local.endpoints : name => name == "blobs" ? "${endpoint.id}/blobServices/default" : endpoint.id }
  name                       = "streamvane"
  target_resource_id         = each.value
  log_analytics_workspace_id = azurerm_log_analytics_workspace.main.id

  enabled_log {
    category_group = "allLogs"
  }
}

resource "azurerm_monitor_action_group" "main" {
  name                = var.name
  resource_group_name = azurerm_resource_group.main.name
  short_name          = "streamvane"
  tags                = var.tags

  email_receiver {
    name          = "operators"
    email_address = var.alert_email
  }
}

# Of the platform. Alerts on Streamvane's own metrics are deploy/prometheus.
locals {
  alerts = {
    dead-letters = {
      scope     = azurerm_servicebus_namespace.main.id
      namespace = "Microsoft.ServiceBus/namespaces"
      metric    = "DeadletteredMessages"
      why       = "Service Bus has messages that Streamvane could not read."
    }
    throttled = {
      scope     = azurerm_eventhub_namespace.main.id
      namespace = "Microsoft.EventHub/namespaces"
      metric    = "ThrottledRequests"
      why       = "Event Hubs refuses requests: it needs more processing units."
    }
  }
}

resource "azurerm_monitor_metric_alert" "main" {
  for_each            = local.alerts
  name                = "${var.name}-${each.key}"
  resource_group_name = azurerm_resource_group.main.name
  scopes              = [each.value.scope]
  description         = each.value.why
  severity            = 2
  tags                = var.tags

  criteria {
    metric_namespace = each.value.namespace
    metric_name      = each.value.metric
    aggregation      = "Maximum"
    operator         = "GreaterThan"
    threshold        = 0
  }
  action {
    action_group_id = azurerm_monitor_action_group.main.id
  }
}
