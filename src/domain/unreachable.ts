/** The end of a switch over a closed union: a new member stops compiling here. */
export const unreachable = (value: never): never => {
  throw new Error(`unreachable: ${JSON.stringify(value)}`)
}
