# What the gateway needs to run, without the tools that build and test it.
FROM node:24-slim AS build
WORKDIR /app
COPY package.json package-lock.json tsconfig.json prisma.config.ts ./
COPY prisma prisma
COPY bin bin
COPY src src
COPY sandbox sandbox
RUN npm ci --omit=dev --no-audit --no-fund && npm cache clean --force && node bin/build.js

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000
WORKDIR /app
COPY --from=build /app .
USER node
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+process.env.PORT+'/health').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
# node itself and not npm: it must receive SIGTERM to drain.
# What a request makes dies young: room for it saves the collector work.
CMD ["node", "--max-semi-space-size=32", "bin/start.js"]
