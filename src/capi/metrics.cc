// The nacre_metrics.

#include "nacre/metrics.h"

#include <vector>

#include "capi/door.h"
#include "capi/handles.h"
#include "capi/stats.h"

using namespace nacre;
using namespace nacre::capi;

namespace {

Result<void> needed_metrics(const nacre_metrics* metrics) { return needed(metrics, "the metrics are NULL"); }

Result<const KeyspaceStats*> keyspace_of(const nacre_metrics* metrics, size_t keyspace) {
  NACRE_TRY(needed_metrics(metrics));
  if (keyspace >= metrics->stats.keyspaces.size())
    return invalid_argument(Operation::kNone, "there are fewer keyspaces: they are counted from 0");
  return &metrics->stats.keyspaces[keyspace];
}

nacre_publication as_c(const PublishedStats& published) {
  return {.struct_size = sizeof(nacre_publication),
          .is_open = published.is_open ? 1u : 0u,
          .was_closed = published.was_closed ? 1u : 0u,
          .process_id = published.process_id,
          .opened_wall_ns = published.opened_wall_ns,
          .published_wall_ns = published.published_wall_ns,
          .uptime_ns = published.uptime_ns,
          .keyspaces_left_out = published.keyspaces_left_out};
}

}  // namespace

nacre_status nacre_metrics_take(const nacre_db* db, nacre_metrics** metrics, nacre_error* error) {
  return hand_out(metrics, error, [&]() -> Result<nacre_metrics*> {
    NACRE_TRY(needed(db, "the database is NULL"));
    return new nacre_metrics{db->db.stats()};
  });
}

nacre_status nacre_metrics_read(const char* path, nacre_publication* publication, nacre_metrics** metrics,
                                nacre_error* error) {
  return hand_out(metrics, error, [&]() -> Result<nacre_metrics*> {
    NACRE_TRY(needed(path, "the path is NULL"));
    if (publication != nullptr) NACRE_TRY(fillable(publication));
    NACRE_TRY_ASSIGN(PublishedStats published, read_published_stats(path));
    if (publication != nullptr) give(as_c(published), publication);
    return new nacre_metrics{std::move(published.stats)};
  });
}

nacre_status nacre_metrics_stats(const nacre_metrics* metrics, nacre_stats* stats, nacre_error* error) {
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY(needed_metrics(metrics));
    NACRE_TRY(fillable(stats));
    give(capi::as_c(metrics->stats), stats);
    return {};
  });
}

nacre_status nacre_metrics_keyspace(const nacre_metrics* metrics, size_t keyspace, nacre_keyspace_stats* stats,
                                    nacre_error* error) {
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY_ASSIGN(const KeyspaceStats* found, keyspace_of(metrics, keyspace));
    NACRE_TRY(fillable(stats));
    give(capi::as_c(*found), stats);
    return {};
  });
}

nacre_status nacre_metrics_level(const nacre_metrics* metrics, size_t keyspace, size_t level, nacre_level_stats* stats,
                                 nacre_error* error) {
  return answer(error, [&]() -> Result<void> {
    NACRE_TRY_ASSIGN(const KeyspaceStats* found, keyspace_of(metrics, keyspace));
    NACRE_TRY(fillable(stats));
    if (level >= found->levels.size())
      return invalid_argument(Operation::kNone, "the keyspace has fewer levels: they are counted from 0");
    give(capi::as_c(found->levels[level]), stats);
    return {};
  });
}

nacre_status nacre_metrics_json(const nacre_metrics* metrics, nacre_string** json, nacre_error* error) {
  return hand_out(json, error, [&]() -> Result<nacre_string*> {
    NACRE_TRY(needed_metrics(metrics));
    return new nacre_string{to_json(metrics->stats)};
  });
}

nacre_status nacre_metrics_prometheus(const nacre_metrics* metrics, const nacre_metric_label* labels,
                                      size_t label_count, nacre_string** text, nacre_error* error) {
  return hand_out(text, error, [&]() -> Result<nacre_string*> {
    NACRE_TRY(needed_metrics(metrics));
    if (label_count != 0) NACRE_TRY(needed(labels, "there is a count, but the labels are NULL"));
    std::vector<MetricLabel> wanted(label_count);
    for (size_t i = 0; i < label_count; i++) {
      NACRE_TRY_ASSIGN(wanted[i].name, as_bytes(labels[i].name));
      NACRE_TRY_ASSIGN(wanted[i].value, as_bytes(labels[i].value));
    }
    NACRE_TRY_ASSIGN(std::string written, to_prometheus(metrics->stats, wanted));
    return new nacre_string{std::move(written)};
  });
}

void nacre_metrics_free(nacre_metrics* metrics) { delete metrics; }
