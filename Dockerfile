# Builds with all tools. The image contains only the built program and the packages that production imports.
FROM node:24-slim AS build
WORKDIR /app
# This layer is cached until the lock file changes.
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN npm run prepare && npm run build

FROM node:24-slim AS packages
WORKDIR /app
COPY package.json package-lock.json ./
# @prisma/client names the Prisma CLI and TypeScript as optional peers, and npm keeps them although they are build tools here.
# They have 250 MB. Every peer that is needed is a dependency of ours.
# googleapis contains the SDKs of all Google APIs, of which only that of Gmail is loaded. The others have 200 MB.
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
# The command is node and not npm, because node must receive SIGTERM to drain.
# Most objects of a request are short-lived, so a larger semi-space saves work of the garbage collector.
CMD ["node", "--max-semi-space-size=32", "--enable-source-maps", "dist/main.js"]
