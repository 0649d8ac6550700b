# Builds with every tool, and ships what was built with the packages that production imports, and nothing else.
FROM node:24-slim AS build
WORKDIR /app
# What changes seldom first: this layer is used again until the lock file changes.
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run prepare && npm run build

FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# @prisma/client names the Prisma CLI and TypeScript as optional peers, and npm keeps those although they are build tools
# here: 250 MB. Every peer that is needed is a dependency of ours.
# googleapis holds the SDK of every API of Google: 200 MB that nobody loads.
RUN npm ci --omit=dev --legacy-peer-deps --ignore-scripts --no-audit --no-fund \
  && find node_modules/googleapis/build/src/apis -mindepth 1 -maxdepth 1 -type d ! -name gmail -exec rm -r {} +

FROM node:24-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=4000
WORKDIR /app
COPY --from=packages /app .
COPY --from=build /app/dist dist
USER node
EXPOSE 4000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:'+process.env.PORT+'/health').then(r=>process.exit(r.ok?0:1),()=>process.exit(1))"]
# node itself and not npm: it must receive SIGTERM to drain.
# What a request makes dies young: room for it saves the collector work.
CMD ["node", "--max-semi-space-size=32", "--enable-source-maps", "dist/main.js"]
