/** How a conversation comes, spelled as in metric records. */
export type MediaType = 'voice' | 'callback' | 'chat' | 'email' | 'message'
export type MessageType = 'webmessaging' | 'whatsapp' | 'sms'
export type Direction = 'inbound' | 'outbound'

export const mediaTypes: readonly MediaType[] = ['voice', 'callback', 'chat', 'email', 'message']
