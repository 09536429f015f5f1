/** Where a process listens. `address`: as it is written, `0.0.0.0` or `::` for every one. */
export type Socket = Readonly<{ address: string; port: number }>

/** An end of a connection as `/proc/net/tcp` writes it: `0100007F:1F90`, each 32 bits in the order of the machine. */
export const endOf = (text: string): Socket => {
  const [address = '', port = ''] = text.split(':')
  const words = (address.match(/.{8}/g) ?? []).map((word) => word.match(/../g)?.toReversed().join('') ?? '')
  const bytes = Buffer.from(words.join(''), 'hex')
  return { address: bytes.length === 4 ? bytes.join('.') : ipv6(bytes), port: Number.parseInt(port, 16) }
}

const ipv6 = (bytes: Buffer): string => {
  const groups = Array.from({ length: 8 }, (_, place) => bytes.readUInt16BE(2 * place).toString(16)).join(':')
  return new URL(`http://[${groups}]`).hostname.slice(1, -1)
}

/** Whether a socket at `address` is one that was asked for by `host`: a name may lead to any address of this machine. */
export const isAt = (host: string, address: string): boolean => {
  const plain = host.replace(/^\[(.*)\]$/, '$1')
  if (plain === 'localhost') return address === '127.0.0.1' || address === '::1'
  if (plain === '::') return address === '::' || address === '0.0.0.0'
  return plain === address || !/^[\d.]+$|:/.test(plain)
}
