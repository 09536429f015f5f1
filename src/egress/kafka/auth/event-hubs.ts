/** What a connection string of Azure Event Hubs says; the key in it is left where it is. */
export type EventHubs = Readonly<{
  /** `<namespace>.servicebus.windows.net` */
  host: string
  /** The one event hub that the key is for; absent: all of the namespace. */
  entityPath: string | undefined
}>

/**
 * Reads `Endpoint=sb://<namespace>.servicebus.windows.net/;SharedAccessKeyName=…;SharedAccessKey=…[;EntityPath=…]`.
 * Throws an `Error` that says what is missing and quotes nothing.
 */
export const readEventHubs = (text: string): EventHubs => {
  const parts = new Map(
    text
      .split(';')
      .map((part) => part.trim())
      .filter((part) => part !== '')
      .map((part) => {
        const at = part.indexOf('=')
        return [part.slice(0, Math.max(at, 0)).toLowerCase(), part.slice(at + 1)] as const
      }),
  )
  const missing = ['Endpoint', 'SharedAccessKeyName', 'SharedAccessKey'].filter(
    (name) => (parts.get(name.toLowerCase()) ?? '') === '',
  )
  if (missing.length > 0)
    throw new Error(
      `a connection string of Event Hubs has ${missing.join(', ')}: copy it from the shared access policy of the namespace`,
    )
  const host = /^sb:\/\/([^/:]+)\/?$/i.exec(parts.get('endpoint') ?? '')?.[1]
  if (host === undefined) throw new Error('its Endpoint is sb://<namespace>.servicebus.windows.net/')
  return { host, entityPath: parts.get('entitypath') }
}

/** The user name with which a connection string is the password. */
export const CONNECTION_STRING_USER = '$ConnectionString'
