import { SourceRefused, type RunningSource, type Source } from './source.js'

/**
 * A source whose code, and the client that it brings, is loaded when it starts: most installations use none of its
 * kind.
 */
export const lazySource = (name: string, load: () => Promise<Source>): Source => ({
  name,
  start: async (deliver): Promise<RunningSource> => {
    let loaded: Source
    try {
      loaded = await load()
    } catch (cause) {
      if (cause instanceof SourceRefused) throw cause
      const reason =
        cause instanceof Error && cause.name === 'UnusablePackage'
          ? cause.message
          : `its code cannot be loaded (${String(cause)}); install Streamvane again`
      throw new SourceRefused(`source ${name}: ${reason}`, { cause })
    }
    return loaded.start(deliver)
  },
})
