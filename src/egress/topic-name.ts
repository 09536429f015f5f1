/** The names that Kafka takes for topics. A topic is a folder of the files sink, so this also keeps rows inside it. */
export const isTopicName = (name: string): boolean =>
  /^[a-zA-Z0-9._-]{1,249}$/.test(name) && name !== '.' && name !== '..'

export const TOPIC_NAME_RULE = 'letters, digits, ".", "_" and "-" only, 249 at most, and not "." or ".."'
