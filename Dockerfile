# syntax=docker/dockerfile:1
# Two stages: the SDK with clang links the native binary; the image that runs has glibc, CA certificates, zlib and the program: no shell,
# no package manager, no .NET runtime. deploy/try-in-chroot.sh takes the same steps where no Docker engine runs; keep the two alike.

FROM mcr.microsoft.com/dotnet/sdk:10.0 AS build
RUN apt-get update \
 && apt-get install -y --no-install-recommends clang zlib1g-dev \
 && rm -rf /var/lib/apt/lists/*
WORKDIR /src
# Restore in a layer of its own: it changes only with the package list.
COPY global.json Directory.Build.props Directory.Packages.props ./
COPY Gateway/Gateway.csproj Gateway/
RUN dotnet restore Gateway -r linux-x64
COPY .editorconfig ./
COPY docs/event.schema.json docs/
COPY Gateway Gateway
RUN dotnet publish Gateway -c Release -r linux-x64 --no-restore -o /app \
 # Symbols are three times the program and of use only to who built it.
 && rm -f /app/*.dbg /app/*.pdb \
 && mkdir /data-template

# distroless "cc": glibc, libgcc, CA certificates, time zones; its nonroot user is 65532.
FROM gcr.io/distroless/cc-debian12:nonroot
COPY --from=build /app /app
COPY --from=build --chown=65532:65532 /data-template /data
USER 65532:65532
VOLUME /data
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s --retries=3 \
  CMD ["/app/gateway", "health", "--data", "/data", "--http", "127.0.0.1:8080"]
ENTRYPOINT ["/app/gateway"]
# Inside a container the loopback default would be reachable by nobody.
CMD ["serve", "--data", "/data", "--http", "0.0.0.0:8080"]
