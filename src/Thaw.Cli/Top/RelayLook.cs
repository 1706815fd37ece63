using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using Thaw.Relay.Admin;

namespace Thaw.Cli.Top;

/// <summary>Everything that a relay said about itself at one moment.</summary>
/// <param name="Allocations">The first ten thousand; the busiest first.</param>
internal sealed record RelayLook(HealthBody Readiness, MetricsText Metrics, int Total, IReadOnlyList<AllocationBody> Allocations, IReadOnlyList<EventBody> Events)
{
    private const int PageLength = 1000, MostPages = 10;

    /// <exception cref="RelayLookException">The relay does not answer, or not as a relay does.</exception>
    public static async Task<RelayLook> TakeAsync(HttpClient relay, bool showsAddresses, TimeProvider time, CancellationToken cancel)
    {
        string shown = showsAddresses ? "1" : "0";
        try
        {
            var readiness = await GetAsync(relay, "readyz", AdminJson.Default.HealthBody, cancel);
            using var scraped = await relay.GetAsync(new Uri("metrics", UriKind.Relative), cancel);
            await ThrowIfRefusedAsync(scraped, cancel);
            var metrics = MetricsText.Parse(await scraped.Content.ReadAsStringAsync(cancel), time.GetUtcNow());

            var allocations = new List<AllocationBody>();
            int total = 0;
            string? from = "0-0";
            for (int page = 0; page < MostPages && from is not null; page++)
            {
                var body = await GetAsync(relay, $"api/allocations?limit={PageLength}&addresses={shown}&from={Uri.EscapeDataString(from)}", AdminJson.Default.AllocationsBody, cancel);
                allocations.AddRange(body.Allocations);
                (total, from) = (body.Total, body.Next);
            }

            var events = await GetAsync(relay, $"api/events?addresses={shown}", AdminJson.Default.EventsBody, cancel);
            return new RelayLook(readiness, metrics, total, [.. allocations.OrderByDescending(Busyness)], events.Events);
        }
        catch (HttpRequestException e)
        {
            throw new RelayLookException($"No relay can be asked at {relay.BaseAddress}: {e.Message.TrimEnd('.')}. Does it run with --admin-port?", e);
        }
        catch (TaskCanceledException e) when (!cancel.IsCancellationRequested)
        {
            throw new RelayLookException($"The relay at {relay.BaseAddress} does not answer within {relay.Timeout.TotalSeconds:0} s.", e);
        }
        catch (Exception e) when (e is JsonException or NotSupportedException)
        {
            throw new RelayLookException($"What answers at {relay.BaseAddress} is no relay's admin port.", e);
        }
    }

    private static double Busyness(AllocationBody allocation) => allocation.ToPeers.BytesPerSecond + allocation.ToClient.BytesPerSecond;

    private static async Task<T> GetAsync<T>(HttpClient relay, string path, JsonTypeInfo<T> type, CancellationToken cancel)
    {
        using var response = await relay.GetAsync(new Uri(path, UriKind.Relative), cancel);
        if (path is not "readyz") await ThrowIfRefusedAsync(response, cancel); // which says with 503 why it is not ready
        return await response.Content.ReadFromJsonAsync(type, cancel) ?? throw new JsonException();
    }

    private static async Task ThrowIfRefusedAsync(HttpResponseMessage response, CancellationToken cancel)
    {
        if (response.IsSuccessStatusCode) return;
        if (response.Content.Headers.ContentType?.MediaType is not "application/json") throw new JsonException();
        var error = await response.Content.ReadFromJsonAsync(AdminJson.Default.ErrorBody, cancel);
        string hint = response.StatusCode is HttpStatusCode.Unauthorized ? " Give --admin-token." : "";
        throw new RelayLookException($"The relay refuses with {(int)response.StatusCode}: {error?.Detail}{hint}");
    }
}

/// <summary>The relay cannot be looked at; the message says what to do about it.</summary>
internal sealed class RelayLookException(string message, Exception? inner = null) : Exception(message, inner);
