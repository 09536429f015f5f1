# The image of Streamvane: a build stage with npm, and a stage to run without shell or package manager.
#
# The digests are those of multi-platform images as other public repositories pin them (node 24.20.0, distroless Debian
# 13); they were not compared with the registries. Renovate keeps them current (docs/deploy/docker.md). To build from
# a mirror: --build-arg BUILD_IMAGE=… --build-arg RUNTIME_IMAGE=…
ARG BUILD_IMAGE=node:24.20.0-bookworm-slim@sha256:ba849c60be29959425b8734d57b8b4b7d56f98edd9504c9af091d5281095a71e
ARG RUNTIME_IMAGE=gcr.io/distroless/nodejs24-debian13:nonroot@sha256:774b7d020b24214835769e24c3544835526cd0288f0b094eae48e8b2c2429a79

FROM ${BUILD_IMAGE} AS build
WORKDIR /app
COPY package.json package-lock.json .npmrc ./
RUN npm ci
COPY LICENSE tsconfig.json tsconfig.build.json ./
COPY schemas ./schemas
COPY dev/console-vite.mjs ./dev/
COPY src ./src
COPY deploy/docker ./deploy/docker
# What lies in the image is a list of files, made by rules that a test holds: `node deploy/docker/layer.mjs list`.
RUN npm run build && node deploy/docker/layer.mjs copy /layer && mkdir /empty

FROM ${RUNTIME_IMAGE}
# Every process answers /livez and /readyz at port 8081, whatever stages it runs.
ENV NODE_ENV=production \
    STREAMVANE_HEALTH__HOST=0.0.0.0 \
    STREAMVANE_HEALTH__PORT=8081
WORKDIR /app
# Files belong to root, and the process does not run as root: it cannot change its own program.
COPY --from=build /layer ./
COPY --from=build --chown=65532:65532 /empty /data
# By number, so that Kubernetes can see that it is not root.
USER 65532:65532
VOLUME /data
EXPOSE 8080 8081 8089
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30s --retries=3 \
    CMD ["/nodejs/bin/node", "/app/deploy/docker/healthcheck.mjs"]
ENTRYPOINT ["/nodejs/bin/node", "/app/dist/src/cli/main.js"]
CMD ["run", "--data", "/data"]
