using Microsoft.AspNetCore.StaticFiles;
using Microsoft.Extensions.FileProviders;

namespace Thaw.Voice.Http;

/// <summary>The embedded page: no file on disk, no CDN, nothing evaluated.</summary>
internal static class WebClient
{
    // No unsafe-eval and no foreign host: what would need either, such as Daily's call machine, is not in our page.
    private const string ContentSecurityPolicy =
        "default-src 'self'; connect-src 'self'; img-src 'self' data:; media-src 'self' blob:; worker-src 'self'; "
        + "object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    public static void Map(WebApplication app)
    {
        var root = new ManifestEmbeddedFileProvider(typeof(WebClient).Assembly, "webroot");
        var files = ((IApplicationBuilder)app).New();
        files.Use((context, next) =>
        {
            context.SetEndpoint(null); // the static file middleware yields to any endpoint, even the one that calls it
            return next(context);
        });
        files.UseDefaultFiles(new DefaultFilesOptions { FileProvider = root, RequestPath = "/client" });
        files.UseStaticFiles(new StaticFileOptions { FileProvider = root, RequestPath = "/client", OnPrepareResponse = Prepare });

        app.MapMethods("/client/{**path}", [HttpMethods.Get, HttpMethods.Head], files.Build());
        app.MapMethods("/", [HttpMethods.Get, HttpMethods.Head], context =>
        {
            context.Response.StatusCode = StatusCodes.Status307TemporaryRedirect;
            context.Response.Headers.Location = "/client/";
            return Task.CompletedTask;
        });
    }

    private static void Prepare(StaticFileResponseContext file)
    {
        var headers = file.Context.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Permissions-Policy"] = "microphone=(self), camera=(self)";

        // Vite puts a content hash into every name under assets/: such a name never changes its content.
        bool hashed = file.Context.Request.Path.StartsWithSegments("/client/assets");
        headers.CacheControl = hashed ? "public, max-age=31536000, immutable" : "no-cache";
    }
}
